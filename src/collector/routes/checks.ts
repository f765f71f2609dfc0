import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { Check, type CheckPage, LIMITS, type PostItemsResponse } from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { sendBatch, writeBatch } from "./batch-reply.ts";
import { cursorOf, limitParameter, pageParameters } from "./query.ts";
import { canaryOf, type RouteContext } from "./route-context.ts";

const Envelope = z.strictObject({ checks: z.array(z.unknown()).min(1).max(LIMITS.items) });
const ChecksQuery = z.strictObject({ candidate: z.string().min(1), ...pageParameters });
const AnswersQuery = z.strictObject({
  candidate: z.string().min(1),
  unchecked: z.stringbool().default(false),
  limit: limitParameter,
});

export function checkRoutes(app: FastifyInstance, context: RouteContext): void {
  const { store, clock } = context;

  app.get("/canaries/:canary/answers", async (request) => {
    const key = canaryOf(request.params);
    const { candidate, unchecked, limit } = parse(AnswersQuery, request.query);
    return store.answers({ ...key, candidate }, { unchecked, limit });
  });

  app.post("/canaries/:canary/checks", async (request, reply) => {
    const key = canaryOf(request.params);
    const { checks } = parse(Envelope, request.body);
    const batch = await writeBatch(context, {
      kind: "check",
      schema: Check,
      field: "checks",
      values: checks,
      add: (items) => store.addChecks(key, items),
    });
    return sendBatch(reply, batch, { ...batch, at: clock.now().toISOString() } satisfies PostItemsResponse);
  });

  app.get("/canaries/:canary/checks", async (request): Promise<CheckPage> => {
    const key = canaryOf(request.params);
    const { candidate, limit, ...position } = parse(ChecksQuery, request.query);
    return store.checks({ ...key, candidate }, { cursor: cursorOf(position), limit });
  });
}
