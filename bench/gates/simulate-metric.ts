import { emptyMetric, foldMetric, type MetricState, type MetricTest } from "../../src/gates/metric.ts";
import { logEvidence } from "../../src/gates/mixture.ts";

export interface MetricFigures {
  /** Fractions of the runs: failed at any look; allowed to pass after the minimum of samples. */
  readonly failed: number;
  readonly passedAtMinimum: number;
  /** Over the runs that failed. */
  readonly meanSamples: number;
}

/** Runs of the shipped test on a metric that breaks its bound in this share of independent samples. */
export function simulateMetric(
  test: MetricTest,
  random: () => number,
  { breaches, maxSamples, runs }: { breaches: number; maxSamples: number; runs: number },
): MetricFigures {
  let failed = 0;
  let passed = 0;
  let samplesWhenFailed = 0;
  for (let run = 0; run < runs; run++) {
    let state: MetricState = emptyMetric;
    while (!state.failedAt && state.tally.samples < maxSamples) {
      const sequence = state.tally.samples + 1;
      state = foldMetric(test, state, { sequence, value: random() < breaches ? 1 : 0 });
      const { samples, sum } = state.tally;
      if (samples === test.spec.minSamples && !state.failedAt && logEvidence(test.breach, samples, sum) <= 0) passed++;
    }
    if (!state.failedAt) continue;
    failed++;
    samplesWhenFailed += state.failedAt.samples;
  }
  return { failed: failed / runs, passedAtMinimum: passed / runs, meanSamples: samplesWhenFailed / failed };
}
