import type { FastifyInstance } from "fastify";
import { LeaseRequest, type LeaseResponse, PostPairRequest } from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { datasetOf, type RouteContext, timed } from "./route-context.ts";

export function pairRoutes(app: FastifyInstance, context: RouteContext): void {
  const { store, metrics } = context;

  app.post("/datasets/:dataset/pairs", async (request) => {
    const key = datasetOf(request.params);
    const pair = parse(PostPairRequest, request.body);
    const response = await timed(context, "pair", () => store.addPair(key, pair));
    metrics.pair(response.reason ?? "Queued");
    return response;
  });

  const config = { isForRaters: true };
  app.post("/datasets/:dataset/pairs/lease", { config }, async (request): Promise<LeaseResponse> => {
    const key = datasetOf(request.params);
    return { pairs: await store.leasePairs(key, parse(LeaseRequest, request.body)) };
  });
}
