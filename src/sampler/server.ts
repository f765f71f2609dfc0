import { access, constants } from "node:fs/promises";
import { type FastifyBaseLogger, type FastifyInstance, fastify, LogController } from "fastify";
import type { Registry } from "prom-client";
import { COHORT_HEADER, type SamplerConfig } from "../api/contracts/sampler.ts";
import { createCollectorClient } from "../evidence/collector-client.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type Arm, openArm } from "./arm.ts";
import { openContest } from "./contest.ts";
import { type GenerationRequest, readGenerationRequest } from "./generation-request.ts";
import { highestShare } from "./least-sure.ts";
import { createSamplerMetrics, type RequestResult, type SamplerMetrics } from "./metrics.ts";
import { createPairPoster } from "./pair-poster.ts";
import { createPipeline, type Purpose } from "./pipeline.ts";
import { createRedaction } from "./redaction.ts";

export interface SamplerDependencies {
  readonly clock: Clock;
  /** Numbers in [0, 1), from a source that does not repeat itself: seeds and the ids of pairs come from it. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly registry: Registry;
}

export interface RunningSampler {
  readonly url: string;
  /** Takes nothing more, and gives pairs in hand a few seconds to arrive. */
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 1024 * 1024;

/** Serves mirrored requests; resolves when it listens. */
export async function runSampler(config: SamplerConfig, dependencies: SamplerDependencies): Promise<RunningSampler> {
  const { clock, random, logger, registry } = dependencies;
  const { canary, stable, candidate, baseline, selection, timeoutSeconds } = config;
  const metrics = createSamplerMetrics(registry);
  const client = createCollectorClient(config.collector, clock);
  const open = (arm: typeof stable): Arm => openArm({ ...arm, timeoutSeconds, clock });
  const pipeline = createPipeline({
    canary,
    arms: {
      stable: open(stable),
      candidate: selection
        ? openContest({ ...config, selection }, { client, open, clock, random, logger })
        : candidate && open(candidate),
      baseline: baseline && open(baseline),
    },
    isLeastSure: highestShare(config.uncertain.keep, random),
    redact: createRedaction(config.redact, { clock, count: metrics.redacted }),
    poster: createPairPoster(config, { client, clock, random, logger }),
    metrics,
    clock,
    random,
    logger,
  });
  const loggerInstance: FastifyBaseLogger = logger;
  const app: FastifyInstance = fastify({
    loggerInstance,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_REQUEST_BYTES,
  });
  healthRoutes(app, config.collector.tokenFile, registry);
  const take = (request: GenerationRequest): RequestResult => {
    const purpose = purposeOf(request.cohort, config, random());
    if (purpose === undefined) return "NotSampled";
    return purpose === "Comparison" ? pipeline.take(request) : pipeline.consider(request);
  };
  mirrorRoute(app, take, metrics);
  const url = await app.listen({ host: config.host, port: config.port });
  const contenders = selection?.contenders.map(({ revision }) => revision);
  const revisions = {
    stable: stable.revision,
    candidate: candidate?.revision,
    baseline: baseline?.revision,
    contenders,
  };
  logger.info({ url, canary, ...revisions }, "sampling");
  const close = async () => {
    await app.close();
    await pipeline.close();
  };
  let closed: Promise<void> | undefined;
  return {
    url,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

/**
 * Ready is what decides whether the route mirrors requests here. That the collector is down does not: pairs wait for
 * it. Without its token no pair would ever arrive.
 */
function healthRoutes(app: FastifyInstance, tokenFile: string, registry: Registry): void {
  app.get("/healthz", async () => ({ status: "ok" }));

  app.get("/readyz", async (_request, reply) => {
    try {
      await access(tokenFile, constants.R_OK);
      return { status: "ok" };
    } catch {
      return reply.code(503).send({ status: `the collector's token ${tokenFile} cannot be read` });
    }
  });

  app.get("/metrics", async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
}

/**
 * By chance, so that what is compared of a cohort says something of the whole cohort. One of which nothing is compared is
 * not learned from either: it is no user's. `draw` is in [0, 1).
 */
function purposeOf(
  cohort: string | undefined,
  { shares: { others, cohorts }, uncertain }: Pick<SamplerConfig, "shares" | "uncertain">,
  draw: number,
): Purpose | undefined {
  const own = cohort !== undefined && Object.hasOwn(cohorts, cohort) ? cohorts[cohort] : undefined;
  const share = own ?? others;
  if (draw < share) return "Comparison";
  return share > 0 && draw < share + uncertain.share ? "Training" : undefined;
}

/** Whatever is mirrored is answered 202 at once: nobody reads the answer, and the gateway holds the connection for it. */
function mirrorRoute(
  app: FastifyInstance,
  take: (request: GenerationRequest) => RequestResult,
  metrics: SamplerMetrics,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, body));

  app.all("/*", async (request, reply) => {
    const { [COHORT_HEADER]: cohort } = request.headers;
    const reading = readGenerationRequest({
      method: request.method,
      url: request.url,
      authorization: request.headers.authorization,
      cohort: typeof cohort === "string" ? cohort : undefined,
      body: typeof request.body === "string" ? request.body : "",
    });
    metrics.request("ignored" in reading ? reading.ignored : take(reading.request));
    return reply.code(202).send();
  });

  app.setErrorHandler((error, _request, reply) => {
    const isTooLarge = error instanceof Error && "statusCode" in error && error.statusCode === 413;
    metrics.request(isTooLarge ? "TooLarge" : "NotUnderstood");
    return reply.code(202).send();
  });
}
