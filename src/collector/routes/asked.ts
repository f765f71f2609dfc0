import type { FastifyInstance } from "fastify";
import { PostAskedRequest, type PostAskedResponse } from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { canaryOf, type RouteContext } from "./route-context.ts";

/** Of systems that the collector does not know: the operator asks them, and tells it for the archives. */
export function askedRoutes(app: FastifyInstance, { store }: RouteContext): void {
  app.post(
    "/canaries/:canary/asked",
    { config: { isForOperator: true } },
    async (request): Promise<PostAskedResponse> => {
      const { answers, ...stream } = parse(PostAskedRequest, request.body);
      await store.putAsked({ ...canaryOf(request.params), ...stream }, answers);
      return { answers: answers.length };
    },
  );
}
