import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { ComparisonPage } from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { longPoll } from "../long-poll.ts";
import { cursorOf, pageParameters } from "./query.ts";
import { canaryOf, hangUp, type RouteContext } from "./route-context.ts";

const Query = z.strictObject({ candidate: z.string().min(1), stable: z.string().min(1), ...pageParameters });

export function comparisonRoutes(app: FastifyInstance, { store, clock, closing }: RouteContext): void {
  app.get("/canaries/:canary/comparisons", async (request, reply): Promise<ComparisonPage> => {
    const key = canaryOf(request.params);
    const { candidate, stable, limit, wait, ...position } = parse(Query, request.query);
    const page = { cursor: cursorOf(position), limit };
    return longPoll({
      read: () => store.comparisons({ ...key, candidate, stable }, page),
      subscribe: (listener) => store.subscribe(key, listener),
      clock,
      milliseconds: wait * 1_000,
      signals: [closing, hangUp(reply)],
    });
  });
}
