import { type FastifyBaseLogger, type FastifyInstance, type FastifyRequest, fastify, LogController } from "fastify";
import type { Registry } from "prom-client";
import { type Audience, COLLECTOR_AUDIENCE, LIMITS } from "../api/contracts/collector-api.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { ApiError } from "./api-error.ts";
import { createArchives } from "./archives.ts";
import { type Caller, createAuthenticate, mayTouch, type TokenReview } from "./auth.ts";
import type { CollectorConfig } from "./config.ts";
import { sendError, sendNotFound } from "./error-reply.ts";
import { createCollectorMetrics } from "./metrics.ts";
import { ratingPage } from "./rating-page.ts";
import { archiveRoutes } from "./routes/archives.ts";
import { askedRoutes } from "./routes/asked.ts";
import { checkRoutes } from "./routes/checks.ts";
import { choiceRoutes } from "./routes/choices.ts";
import { comparisonRoutes } from "./routes/comparisons.ts";
import { evidenceRoutes } from "./routes/evidence.ts";
import { healthRoutes } from "./routes/health.ts";
import { newsRoutes } from "./routes/news.ts";
import { pairRoutes } from "./routes/pairs.ts";
import { preferenceRoutes } from "./routes/preferences.ts";
import { ratingRoutes } from "./routes/ratings.ts";
import { namespaceOf, type RouteContext } from "./routes/route-context.ts";
import { openSqliteStore } from "./sqlite-store.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Not for the namespace that it is about, but for the operator. */
    isForOperator?: boolean;
    /** Of a token that may do this, any of them; COLLECTOR_AUDIENCE where it is not said. */
    audiences?: readonly Audience[];
  }
}

export interface CollectorDependencies {
  tokenReview: TokenReview;
  clock: Clock;
  /** Numbers in [0, 1), from a source that nobody can guess: leases and the order of answers come from it. */
  random: () => number;
  logger: Logger;
  registry: Registry;
}

export interface RunningCollector {
  url: string;
  /** Answers what is under way, then closes the store. */
  close(): Promise<void>;
}

/**
 * Raters come through a gateway. Longer than the hour after which Envoy closes an idle connection: were this side first,
 * a request that is just being sent on it would be lost.
 */
const IDLE_CONNECTION_MS = 2 * 60 * 60 * 1000;

/** Serves the collector's HTTP API over a store in `dataDir`; resolves when it listens. */
export async function runCollector(
  config: CollectorConfig,
  { tokenReview, clock, random, logger, registry }: CollectorDependencies,
): Promise<RunningCollector> {
  const store = openSqliteStore({ dataDir: config.dataDir, queueLimit: config.queueLimit, clock, random });
  const closing = new AbortController();
  const loggerInstance: FastifyBaseLogger = logger;
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: LIMITS.body,
    exposeHeadRoutes: false,
    keepAliveTimeout: IDLE_CONNECTION_MS,
  });
  app.setErrorHandler(sendError);
  app.setNotFoundHandler(sendNotFound);
  app.addHook("preClose", async () => closing.abort());
  app.addHook("onClose", async () => store.close());

  const metrics = createCollectorMetrics(registry, store);
  healthRoutes(app, store, registry);
  await ratingPage(app, config.instructions);
  const authenticate = createAuthenticate(tokenReview, clock);
  const context = { store, clock, metrics, closing: closing.signal };
  app.register(
    async (scope) => {
      scope.addHook("onRequest", async (request) => {
        authorize(await authenticate(request.headers.authorization), request, config.readers);
      });
      addRoutes(scope, context);
      archiveRoutes(scope, context, createArchives(config.dataDir));
    },
    { prefix: "/v1/namespaces/:namespace" },
  );
  app.register(
    async (scope) => {
      scope.addHook("onRequest", async (request) => {
        const caller = await authenticate(request.headers.authorization);
        requireAudience(caller, request, "read what is of every namespace");
        const { username } = caller;
        if (!config.readers.includes(username)) throw new ApiError(403, "Forbidden", notAReader(username));
      });
      newsRoutes(scope, context);
      evidenceRoutes(scope, context);
    },
    { prefix: "/v1" },
  );

  const url = await app.listen({ host: config.host, port: config.port });
  return { url, close: () => app.close() };
}

function addRoutes(scope: FastifyInstance, context: RouteContext): void {
  preferenceRoutes(scope, context);
  pairRoutes(scope, context);
  choiceRoutes(scope, context);
  comparisonRoutes(scope, context);
  checkRoutes(scope, context);
  ratingRoutes(scope, context);
  askedRoutes(scope, context);
}

function authorize(caller: Caller, request: FastifyRequest, readers: readonly string[]): void {
  const { method, params, routeOptions } = request;
  const namespace = namespaceOf(params);
  const what = `${method} this in namespace ${namespace}`;
  requireAudience(caller, request, what);
  const { isForOperator } = routeOptions.config;
  if (mayTouch(caller.username, { namespace, method, isForOperator }, readers)) return;
  throw new ApiError(403, "Forbidden", `${caller.username} may not ${what}`);
}

/** A token can be made for what its holder is to do, and no more. */
function requireAudience({ username, audiences }: Caller, { routeOptions }: FastifyRequest, what: string): void {
  const { audiences: wanted = [COLLECTOR_AUDIENCE] } = routeOptions.config;
  if (wanted.some((audience) => audiences.includes(audience))) return;
  const token = `a token of audience ${audiences.join(", ")}: it takes one of ${wanted.join(" or ")}`;
  throw new ApiError(403, "Forbidden", `${username} may not ${what} with ${token}`);
}

function notAReader(username: string): string {
  return `${username} may not read what is of every namespace: the collector's configuration names who may, in readers`;
}
