import type { BlindPair, Choice } from "../api/contracts/collector-api.ts";
import type { JudgeConfig } from "../api/contracts/judge.ts";
import type { CollectorClient } from "../evidence/collector-client.ts";
import { untilTaken } from "../evidence/until-taken.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { inBothOrders, type Prefer } from "./both-orders.ts";
import type { JudgeMetrics, PairResult } from "./metrics.ts";
import type { ModelServer } from "./model-server.ts";
import { messagesOf, positionOf } from "./prompt.ts";
import { ServerFailure } from "./server-failure.ts";

export interface PairJudgeDependencies {
  readonly server: Pick<ModelServer, "complete">;
  readonly collector: Pick<CollectorClient, "postChoice">;
  readonly metrics: Pick<JudgeMetrics, "verdict">;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** A pair that nobody could be asked about for so long is left to others. */
export const LEASE_SECONDS = 900;

/** From a leased pair to a choice that the collector has, or to why there is none. Rejects only when the signal is aborted. */
export function createPairJudge(
  { namespace, dataset, labeler, instructions }: JudgeConfig,
  { server, collector, metrics, clock, random, logger }: PairJudgeDependencies,
) {
  async function post(choice: Choice, signal: AbortSignal): Promise<void> {
    const onFailure = (error: unknown) =>
      logger.warn({ pair: choice.pair, problem: String(error) }, "choice not taken by the collector");
    const patience = { clock, random, signal, onFailure };
    await untilTaken(() => collector.postChoice({ namespace, dataset, choice, signal }), patience);
  }

  return async ({ id, lease, ...answers }: BlindPair, signal: AbortSignal): Promise<PairResult> => {
    const until = clock.monotonic() + LEASE_SECONDS * 1_000;
    const prefer: Prefer = async (reading) => {
      const position = positionOf(await server.complete(messagesOf(instructions, reading), until, signal));
      if (position !== undefined) metrics.verdict(position);
      return position;
    };
    try {
      const choice = await inBothOrders(answers, prefer);
      if (choice === undefined) return "Unclear";
      await post({ id: lease, pair: id, lease, labeler, choice }, signal);
      return choice === "Tie" ? "Tie" : "Preferred";
    } catch (error) {
      signal.throwIfAborted();
      return error instanceof ServerFailure ? error.reason : "NotTaken";
    }
  };
}
