import type { PostPairRequest, PostPairResponse } from "../api/contracts/collector-api.ts";
import type { SamplerConfig } from "../api/contracts/sampler.ts";
import type { CollectorClient } from "../evidence/collector-client.ts";
import { CollectorError } from "../evidence/collector-error.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";

export type PostOutcome = "Queued" | NonNullable<PostPairResponse["reason"]> | "Refused" | "GaveUp";

export interface PairPoster {
  /**
   * Posts a pair until the collector has it, refuses it, or has not answered for some minutes. The pair's id makes a
   * second post harmless. Rejects only when `signal` is aborted.
   */
  post(pair: PostPairRequest, signal: AbortSignal): Promise<PostOutcome>;
  close(): Promise<void>;
}

export interface PairPosterDependencies {
  readonly client: Pick<CollectorClient, "postPair" | "close">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const ATTEMPTS = 10;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

export function createPairPoster(
  { namespace, dataset }: Pick<SamplerConfig, "namespace" | "dataset">,
  { client, clock, random, logger }: PairPosterDependencies,
): PairPoster {
  return {
    async post(pair, signal) {
      for (let failures = 0; failures < ATTEMPTS; failures++) {
        if (failures > 0) await sleep(clock, delayAfter(failures, random), signal);
        try {
          const { queued, reason } = await client.postPair({ namespace, dataset, pair, signal });
          return queued ? "Queued" : (reason ?? "Refused");
        } catch (error) {
          signal.throwIfAborted();
          logger.warn({ pair: pair.id, problem: String(error) }, "pair not taken by the collector");
          if (isPermanent(error)) return "Refused";
        }
      }
      return "GaveUp";
    },
    close: () => client.close(),
  };
}

/**
 * Whether another attempt would meet the same refusal. Tokens are renewed and reviewed with a delay, so being told to
 * authenticate is worth another attempt.
 */
function isPermanent(error: unknown): boolean {
  if (!(error instanceof CollectorError)) return false;
  const { status } = error;
  return status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
}

/** Doubling, and spread over half of it, so that samplers do not come back all at once. */
function delayAfter(failures: number, random: () => number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)) * (0.75 + random() / 2);
}
