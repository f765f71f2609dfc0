import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../api/v1alpha1/quantity.ts";
import { stepsOf } from "../../controllers/preferencecanary/run/steps.ts";
import { seededRandom } from "../../dataset/seeded-random.ts";
import { arrivals, meanWinRate, type TrueWorld } from "./arrivals.ts";
import { place } from "./place.ts";
import { type SimulatedRun, simulateRun } from "./run.ts";
import { startOfRun } from "./start.ts";
import { type Planned, planned } from "./summary.ts";

export interface PlanOptions {
  readonly truths: readonly number[];
  readonly runs: number;
  readonly seed: number;
  /** A run that has not ended after its steps' durations and as many comparisons is undecided. */
  readonly maxComparisons: number;
}

const HOUR_MS = 3_600_000;

/** What comes of the canary at each true win rate, over simulated runs of the controller's own decisions. */
export function plan(
  canary: PreferenceCanary,
  world: TrueWorld,
  { truths, runs, seed, maxComparisons }: PlanOptions,
): Planned[] {
  const start = place(startOfRun(canary));
  const begun = start.world.now.getTime();
  const stepsMs = stepsOf(canary).reduce((sum, { minDuration }) => sum + parseDuration(minDuration), 0);
  const horizon = begun + stepsMs + (maxComparisons / world.comparisonsPerHour) * HOUR_MS;
  return truths.map((winRate) => {
    const seeds = seededRandom(seed);
    const simulate = (): SimulatedRun => {
      const random = seededRandom(Math.floor(seeds() * 2 ** 32));
      return simulateRun(start, arrivals({ ...world, winRate }, begun, random), horizon);
    };
    const rates = { truth: winRate, mean: meanWinRate({ ...world, winRate }) };
    return planned(canary.spec, rates, Array.from({ length: runs }, simulate));
  });
}
