import { access, constants } from "node:fs/promises";
import type { JudgeConfig } from "../api/contracts/judge.ts";
import { createCollectorClient } from "../evidence/collector-client.ts";
import type { Clock } from "../runtime/clock.ts";
import { startHealthServer } from "../telemetry/health.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { createJudgeMetrics } from "./metrics.ts";
import { openModelServer } from "./model-server.ts";
import { createPairJudge, LEASE_SECONDS } from "./pair-judge.ts";
import { startShift } from "./shift.ts";

export interface JudgeDependencies {
  readonly apiKey: string | undefined;
  readonly clock: Clock;
  /** Numbers in [0, 1). */
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export interface RunningJudge {
  /** Of health and metrics. */
  readonly port: number;
  /** Leases nothing more, and finishes what it has within some seconds. */
  close(): Promise<void>;
}

/** Judges one canary's pairs, as any labeler does, by asking a model; resolves when it has begun. */
export async function runJudge(config: JudgeConfig, dependencies: JudgeDependencies): Promise<RunningJudge> {
  const { apiKey, clock, random, logger } = dependencies;
  const { namespace, dataset, canary, labeler } = config;
  const metrics = createJudgeMetrics(dependencies.metrics.registry);
  const collector = createCollectorClient(config.collector, clock);
  const server = openModelServer(config.server, apiKey, {
    clock,
    random,
    onFailure({ reason, message }) {
      metrics.failure(reason);
      logger.warn({ reason, problem: message }, "no answer from the judge's server");
    },
  });
  const shift = startShift({
    clock,
    random,
    logger,
    count: metrics.pair,
    judge: createPairJudge(config, { server, collector, metrics, clock, random, logger }),
    async lease(count, signal) {
      const request = { namespace, dataset, canary, labeler, count, seconds: LEASE_SECONDS, signal };
      return (await collector.leasePairs(request)).pairs;
    },
  });
  const { port, ...health } = await startHealthServer({
    port: config.port,
    metrics: dependencies.metrics,
    live: [],
    ready: [tokenCheck(config.collector.tokenFile)],
  });
  logger.info({ canary, labeler }, "judging");
  const close = async () => {
    await shift.close();
    await Promise.all([server.close(), collector.close(), health.close()]);
  };
  let closed: Promise<void> | undefined;
  return {
    port,
    close() {
      closed ??= close();
      return closed;
    },
  };
}

function tokenCheck(tokenFile: string) {
  return {
    name: "collector-token",
    run: async () => {
      try {
        await access(tokenFile, constants.R_OK);
        return undefined;
      } catch {
        return `${tokenFile} cannot be read`;
      }
    },
  };
}
