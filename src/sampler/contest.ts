import type { Cursor } from "../api/contracts/collector-api.ts";
import type { SamplerConfig } from "../api/contracts/sampler.ts";
import type { CollectorClient } from "../evidence/collector-client.ts";
import { CursorUnknown } from "../evidence/collector-error.ts";
import { allocate, drawFrom } from "../gates/allocation.ts";
import { selectBet } from "../gates/bet.ts";
import { nothing, type Tally } from "../gates/tally.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Arm } from "./arm.ts";

export interface ContestDependencies {
  readonly client: Pick<CollectorClient, "comparisons">;
  readonly open: (arm: SamplerConfig["stable"]) => Arm;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** Judging takes people seconds, and shares move slowly: who is told later than this loses next to nothing. */
const READ_EVERY_MS = 5_000;
const PAGE = 1_000;

interface Score extends Tally {
  readonly cursor: Cursor | null;
}

const UNKNOWN: Score = { ...nothing, cursor: null };

type Config = Pick<SamplerConfig, "namespace" | "canary" | "stable" | "baseline"> & {
  readonly selection: NonNullable<SamplerConfig["selection"]>;
};

/**
 * The contenders of a selection as one arm: each request is asked of one of them. The shares by which it is drawn follow
 * from the comparisons that the collector has, which are read again and again: nothing is remembered but here, and a
 * collector that is away leaves the shares as they are. They never depend on the request.
 */
export function openContest(config: Config, { client, open, clock, random, logger }: ContestDependencies): Arm {
  const { namespace, canary, stable, baseline = stable, selection } = config;
  const revisions = selection.contenders.map(({ revision }) => revision);
  const arms = selection.contenders.map(open);
  const stopping = new AbortController();
  const { signal } = stopping;
  let scores: readonly Score[] = revisions.map(() => UNKNOWN);
  let shares = sharesOf(scores);

  function sharesOf(now: readonly Score[]): readonly number[] {
    return allocate(now, selection.minShare);
  }

  async function read(candidate: string, from: Score): Promise<Score> {
    let score = from;
    for (let isWhole = false; !isWhole; ) {
      const query = { namespace, canary, candidate, stable: baseline.revision, cursor: score.cursor };
      const { records } = await client.comparisons({ ...query, limit: PAGE, signal });
      const bets = records.flatMap((record) => selectBet(record, selection.betting) ?? []);
      const last = records.at(-1);
      score = {
        samples: score.samples + bets.length,
        sum: bets.reduce((sum, { outcome }) => sum + outcome, score.sum),
        cursor: last === undefined ? score.cursor : { sequence: last.sequence, id: last.id },
      };
      isWhole = records.length < PAGE;
    }
    return score;
  }

  /** What it knew, where nothing can be read; from the beginning where the collector is another one, as after a restore. */
  async function readAgain(candidate: string, from: Score): Promise<Score> {
    try {
      return await read(candidate, from);
    } catch (error) {
      if (!signal.aborted) logger.warn({ candidate, problem: String(error) }, "comparisons cannot be read");
      return error instanceof CursorUnknown ? UNKNOWN : from;
    }
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      scores = await Promise.all(revisions.map((revision, index) => readAgain(revision, scores[index] ?? UNKNOWN)));
      shares = sharesOf(scores);
      await sleep(clock, READ_EVERY_MS, signal).catch(() => undefined);
    }
  }

  void follow();
  return {
    async ask(request, seed, signal) {
      const drawn = arms[drawFrom(shares, random())];
      if (drawn === undefined) throw new RangeError("a selection has at least one contender");
      return drawn.ask(request, seed, signal);
    },
    async close() {
      stopping.abort();
      await Promise.all(arms.map((arm) => arm.close()));
    },
  };
}
