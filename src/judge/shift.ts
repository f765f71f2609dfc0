import type { BlindPair } from "../api/contracts/collector-api.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import { retryDelayMs } from "../runtime/retry-delay.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { PairResult } from "./metrics.ts";

export interface Shift {
  close(): Promise<void>;
}

export interface ShiftOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  lease(count: number, signal: AbortSignal): Promise<readonly BlindPair[]>;
  /** Rejects only when `signal` is aborted. */
  judge(pair: BlindPair, signal: AbortSignal): Promise<PairResult>;
  count(result: PairResult): void;
}

const AT_A_TIME = 4;
const IDLE_MS = 2_000;
const CLOSING_MS = 20_000;

/**
 * Leases pairs and judges them, a few at a time, until it is closed. A labeler gets no pair twice, so each one that is
 * skipped is lost to this judge: it goes ever more slowly while it judges none, lest one that is set up wrongly empties the queue.
 */
export function startShift({ clock, random, logger, lease, judge, count }: ShiftOptions): Shift {
  const [ending, aborting] = [new AbortController(), new AbortController()];
  const inHand = new Set<Promise<void>>();
  /** Pairs skipped in a row, and leases that failed. */
  let misses = 0;
  let failures = 0;

  async function finish(pair: BlindPair): Promise<void> {
    try {
      const result = await judge(pair, aborting.signal);
      count(result);
      misses = result === "Preferred" || result === "Tie" ? 0 : misses + 1;
    } catch (error) {
      if (!aborting.signal.aborted) logger.error({ problem: String(error) }, "pair lost");
    }
  }

  async function takeSome(): Promise<void> {
    const free = AT_A_TIME - inHand.size;
    const pairs = await lease(free, aborting.signal);
    failures = 0;
    for (const pair of pairs) {
      const work = finish(pair).finally(() => inHand.delete(work));
      inHand.add(work);
    }
    const pause = misses > 0 ? retryDelayMs(misses, random) : pairs.length < free ? IDLE_MS : 0;
    if (pause > 0) await sleep(clock, pause, ending.signal);
  }

  async function work(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        if (inHand.size < AT_A_TIME) await takeSome();
        else await Promise.race(inHand);
      } catch (error) {
        if (ending.signal.aborted) return;
        failures++;
        logger.warn({ problem: String(error) }, "no pairs from the collector");
        await sleep(clock, retryDelayMs(failures, random), ending.signal).catch(() => {});
      }
    }
  }

  const working = work();
  return {
    async close() {
      ending.abort(new Error("the judge is closing"));
      const finished = working.then(() => Promise.all(inHand));
      await Promise.race([finished, sleep(clock, CLOSING_MS, aborting.signal)]);
      aborting.abort(new Error("the judge is closing"));
      await finished;
    },
  };
}
