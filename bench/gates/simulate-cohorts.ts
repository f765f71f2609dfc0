import { type CohortsState, type CohortsTest, emptyCohorts, foldCohorts } from "../../src/gates/cohorts.ts";

export interface CohortsFigures {
  /** Fractions of the runs. */
  readonly failed: number;
  /** Of the runs, those in which a cohort was named that is not under the floor. */
  readonly namedWrongly: number;
  /** Over the runs that failed. */
  readonly meanComparisons: number;
}

/** Comparisons fall on the cohorts evenly, each of which has a true mean of its own; looked at after every one. */
export function simulateCohorts(
  test: CohortsTest,
  random: () => number,
  { means, maxComparisons, runs }: { means: readonly number[]; maxComparisons: number; runs: number },
): CohortsFigures {
  const { cohorts, min } = test.spec;
  const total = { failed: 0, namedWrongly: 0, comparisons: 0 };
  for (let run = 0; run < runs; run++) {
    let state: CohortsState = emptyCohorts;
    for (let sequence = 1; !state.failedAt && sequence <= maxComparisons; sequence++) {
      const which = Math.floor(random() * cohorts.length);
      const outcome = random() < (means[which] ?? 0) ? 1 : 0;
      state = foldCohorts(test, state, { sequence, outcome, cohort: cohorts[which] ?? null });
    }
    if (!state.failedAt) continue;
    total.failed++;
    total.comparisons += state.failedAt.samples;
    if (state.failedAt.cohorts.some((name) => (means[cohorts.indexOf(name)] ?? 0) >= min)) total.namedWrongly++;
  }
  const { failed, namedWrongly, comparisons } = total;
  return { failed: failed / runs, namedWrongly: namedWrongly / runs, meanComparisons: comparisons / failed };
}
