import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { LIMITS, type PostItemsResponse, Rating, type RatingPage } from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { sendBatch, writeBatch } from "./batch-reply.ts";
import { cursorOf, pageParameters } from "./query.ts";
import { canaryOf, type RouteContext } from "./route-context.ts";

const Envelope = z.strictObject({ ratings: z.array(z.unknown()).min(1).max(LIMITS.items) });
const Query = z.strictObject({
  candidate: z.string().min(1),
  stable: z.string().min(1),
  since: z.iso.datetime().optional(),
  ...pageParameters,
});

export function ratingRoutes(app: FastifyInstance, context: RouteContext): void {
  const { store, clock } = context;

  app.post("/canaries/:canary/ratings", async (request, reply) => {
    const key = canaryOf(request.params);
    const { ratings } = parse(Envelope, request.body);
    const batch = await writeBatch(context, {
      kind: "rating",
      schema: Rating,
      field: "ratings",
      values: ratings,
      add: (items) => store.addRatings(key, items),
    });
    return sendBatch(reply, batch, { ...batch, at: clock.now().toISOString() } satisfies PostItemsResponse);
  });

  app.get("/canaries/:canary/ratings", async (request): Promise<RatingPage> => {
    const key = canaryOf(request.params);
    const { candidate, stable, since, limit, ...position } = parse(Query, request.query);
    return store.ratings({ ...key, candidate, stable, since }, { cursor: cursorOf(position), limit });
  });
}
