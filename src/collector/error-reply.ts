import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { ErrorBody } from "../api/contracts/collector-api.ts";
import { ApiError } from "./api-error.ts";
import { StoreError, type StoreErrorReason } from "./store-error.ts";

const STATUS_OF: Record<StoreErrorReason, number> = { CursorUnknown: 410, IdMismatch: 409, StoreUnavailable: 503 };

/** Fastify's own refusals, in our words. */
const REASON_OF: Record<string, string> = {
  FST_ERR_CTP_BODY_TOO_LARGE: "BodyTooLarge",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "NotJson",
  FST_ERR_CTP_EMPTY_JSON_BODY: "NotJson",
  FST_ERR_CTP_INVALID_JSON_BODY: "NotJson",
};

export function sendError(error: Error, request: FastifyRequest, reply: FastifyReply): void {
  const { status, ...body } = describe(error);
  if (status >= 500) request.log.error({ err: error }, `${request.method} ${request.url}`);
  reply.code(status).send({ error: body } satisfies ErrorBody);
}

export function sendNotFound(request: FastifyRequest, reply: FastifyReply): void {
  const message = `there is no ${request.method} ${request.url.split("?")[0]}`;
  reply.code(404).send({ error: { reason: "NotFound", message } } satisfies ErrorBody);
}

export function errorBody(reason: string, message: string, path: string | undefined): ErrorBody["error"] {
  return { reason, message, ...(path === undefined ? {} : { path }) };
}

function describe(error: Error): ErrorBody["error"] & { status: number } {
  if (error instanceof ApiError) {
    return { status: error.status, ...errorBody(error.reason, error.message, error.path) };
  }
  if (error instanceof StoreError) {
    return { status: STATUS_OF[error.reason], ...errorBody(error.reason, error.message, error.path) };
  }
  const { statusCode, code } = error as FastifyError;
  if (statusCode !== undefined && statusCode < 500) {
    return { status: statusCode, reason: REASON_OF[code] ?? "BadRequest", message: error.message };
  }
  return { status: 500, reason: "Internal", message: "the collector failed; its log says why" };
}
