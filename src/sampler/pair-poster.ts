import type { PostPairRequest, PostPairResponse } from "../api/contracts/collector-api.ts";
import type { SamplerConfig } from "../api/contracts/sampler.ts";
import type { CollectorClient } from "../evidence/collector-client.ts";
import { isPermanent, untilTaken } from "../evidence/until-taken.ts";
import type { Clock } from "../runtime/clock.ts";
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

export function createPairPoster(
  { namespace, dataset, selection }: Pick<SamplerConfig, "namespace" | "dataset" | "selection">,
  { client, clock, random, logger }: PairPosterDependencies,
): PairPoster {
  const beside = selection && { beside: selection.contenders.map(({ revision }) => revision) };
  return {
    async post(asked, signal) {
      const pair = { ...asked, ...beside };
      const onFailure = (error: unknown) =>
        logger.warn({ pair: pair.id, problem: String(error) }, "pair not taken by the collector");
      try {
        const post = () => client.postPair({ namespace, dataset, pair, signal });
        const { queued, reason } = await untilTaken(post, { clock, random, signal, onFailure });
        return queued ? "Queued" : (reason ?? "Refused");
      } catch (error) {
        signal.throwIfAborted();
        return isPermanent(error) ? "Refused" : "GaveUp";
      }
    },
    close: () => client.close(),
  };
}
