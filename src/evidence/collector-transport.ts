import { Agent, type Dispatcher } from "undici";
import type * as z from "zod";
import { ErrorBody } from "../api/contracts/collector-api.ts";
import type { Clock } from "../runtime/clock.ts";
import { rereadFile } from "../runtime/reread-file.ts";
import { CollectorError, collectorError } from "./collector-error.ts";
import { lines } from "./ndjson.ts";

export interface CollectorAddress {
  /** Scheme, host and port, no path. */
  url: string;
  /** A projected token with the collector's audience; read anew every minute, since the kubelet rotates it. */
  tokenFile: string;
}

export type Query = Record<string, string | number | undefined>;

export interface CollectorCall {
  method: "GET" | "POST";
  path: string;
  query?: Query;
  body?: unknown;
  /** How long the collector may take until it answers, where that is longer than a read. */
  answerMs?: number;
  signal: AbortSignal | undefined;
}

/** One call and its answer as the schema has it; rejects with a CollectorError, or with the signal's own reason. */
export interface CollectorTransport {
  receive<Schema extends z.ZodType>(schema: Schema, call: CollectorCall): Promise<z.output<Schema>>;
  /** An answer of many lines, one at a time, as fast as they are taken. */
  stream<Schema extends z.ZodType>(schema: Schema, call: CollectorCall): AsyncIterable<z.output<Schema>>;
  close(): Promise<void>;
}

/** Milliseconds for a connection, and for an answer or the next part of it. */
const CONNECT_TIMEOUT = 3_000;
const ANSWER_TIMEOUT = 10_000;
/** Of all canaries together. The others wait, as when the runs of hundreds end and each is to be archived. */
const CONNECTIONS = 32;

export function createCollectorTransport(address: CollectorAddress, clock: Clock): CollectorTransport {
  const token = rereadFile(address.tokenFile, clock);
  const agent = new Agent({ connections: CONNECTIONS, connect: { timeout: CONNECT_TIMEOUT } });

  return {
    async receive(schema, call) {
      const what = nameOf(call, address);
      try {
        const response = await send(address, call, agent, await token());
        return parseAnswer(schema, await response.body.text(), what);
      } catch (cause) {
        throw asCollectorError(cause, what, call.signal);
      }
    },
    async *stream(schema, call) {
      const what = nameOf(call, address);
      try {
        const response = await send(address, call, agent, await token());
        for await (const line of lines(response.body)) yield parseAnswer(schema, line, what);
      } catch (cause) {
        throw asCollectorError(cause, what, call.signal);
      }
    },
    close: () => agent.destroy(),
  };
}

async function send(
  address: CollectorAddress,
  call: CollectorCall,
  agent: Agent,
  token: string,
): Promise<Dispatcher.ResponseData> {
  const url = new URL(call.path, address.url);
  for (const [name, value] of Object.entries(call.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const authorization = `Bearer ${token}`;
  const { body } = call;
  const response = await agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: call.method,
    headers: body === undefined ? { authorization } : { authorization, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: call.answerMs ?? ANSWER_TIMEOUT,
    bodyTimeout: ANSWER_TIMEOUT,
    signal: call.signal ?? null,
  });
  if (response.statusCode < 300) return response;
  throw refusal(response.statusCode, await response.body.text(), nameOf(call, address));
}

function nameOf(call: CollectorCall, address: CollectorAddress): string {
  return `${call.method} ${address.url}${call.path}`;
}

function parseAnswer<Schema extends z.ZodType>(schema: Schema, text: string, what: string): z.output<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CollectorError("AnswerNotUnderstood", 200, `${what}: the collector's answer is not JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const message = `${what}: the collector's answer at ${issue?.path.join(".")}: ${issue?.message}`;
  throw new CollectorError("AnswerNotUnderstood", 200, message);
}

function refusal(status: number, text: string, what: string): CollectorError {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const parsed = ErrorBody.safeParse(body);
  if (!parsed.success) return new CollectorError("Unexpected", status, `${what}: HTTP ${status}`);
  const { reason, message } = parsed.data.error;
  return collectorError({ reason, message: `${what}: ${message}` }, status);
}

/** The caller's own abort is passed on as it is; everything else says what was asked and why there is no answer. */
function asCollectorError(cause: unknown, what: string, signal: AbortSignal | undefined): unknown {
  if (cause instanceof CollectorError || signal?.aborted) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CollectorError("Unreachable", 0, `${what}: ${message}`, { cause });
}
