import type { FastifyInstance } from "fastify";
import * as z from "zod";
import { COLLECTOR_AUDIENCE, type ComparisonPage, SAMPLER_AUDIENCE } from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { cursorOf, pageParameters } from "./query.ts";
import { canaryOf, type RouteContext } from "./route-context.ts";

const Query = z.strictObject({ candidate: z.string().min(1), stable: z.string().min(1), ...pageParameters });

export function comparisonRoutes(app: FastifyInstance, { store }: RouteContext): void {
  const config = { audiences: [COLLECTOR_AUDIENCE, SAMPLER_AUDIENCE] } as const;
  app.get("/canaries/:canary/comparisons", { config }, async (request): Promise<ComparisonPage> => {
    const key = canaryOf(request.params);
    const { candidate, stable, limit, ...position } = parse(Query, request.query);
    return store.comparisons({ ...key, candidate, stable }, { cursor: cursorOf(position), limit });
  });
}
