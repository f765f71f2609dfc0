import type { FastifyInstance } from "fastify";
import {
  COLLECTOR_AUDIENCE,
  LeaseRequest,
  type LeaseResponse,
  PostPairRequest,
  RATER_AUDIENCE,
  SAMPLER_AUDIENCE,
} from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { datasetOf, type RouteContext, timed } from "./route-context.ts";

export function pairRoutes(app: FastifyInstance, context: RouteContext): void {
  const { store, metrics } = context;

  const posted = { audiences: [SAMPLER_AUDIENCE] } as const;
  app.post("/datasets/:dataset/pairs", { config: posted }, async (request) => {
    const key = datasetOf(request.params);
    const pair = parse(PostPairRequest, request.body);
    const response = await timed(context, "pair", () => store.addPair(key, pair));
    metrics.pair(response.reason ?? "Queued");
    return response;
  });

  const leased = { audiences: [COLLECTOR_AUDIENCE, RATER_AUDIENCE] } as const;
  app.post("/datasets/:dataset/pairs/lease", { config: leased }, async (request): Promise<LeaseResponse> => {
    const key = datasetOf(request.params);
    return { pairs: await store.leasePairs(key, parse(LeaseRequest, request.body)) };
  });
}
