import type { FastifyInstance } from "fastify";
import * as z from "zod";
import {
  Choice,
  COLLECTOR_AUDIENCE,
  LIMITS,
  type PostItemsResponse,
  RATER_AUDIENCE,
} from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { sendBatch, writeBatch } from "./batch-reply.ts";
import { datasetOf, type RouteContext } from "./route-context.ts";

const Envelope = z.strictObject({ choices: z.array(z.unknown()).min(1).max(LIMITS.items) });

export function choiceRoutes(app: FastifyInstance, context: RouteContext): void {
  const config = { audiences: [COLLECTOR_AUDIENCE, RATER_AUDIENCE] } as const;
  app.post("/datasets/:dataset/choices", { config }, async (request, reply) => {
    const key = datasetOf(request.params);
    const { choices } = parse(Envelope, request.body);
    const batch = await writeBatch(context, {
      kind: "choice",
      schema: Choice,
      field: "choices",
      values: choices,
      add: (items) => context.store.addChoices(key, items),
    });
    return sendBatch(reply, batch, { ...batch, at: context.clock.now().toISOString() } satisfies PostItemsResponse);
  });
}
