import { metricTest } from "../../src/gates/metric.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { simulateMetric } from "./simulate-metric.ts";

const RUNS = 4000;
const MAX_SAMPLES = 1000;

export function reportMetric(seed: number): void {
  console.log(`\nMetrics, error 5%, 10 samples to pass, up to ${MAX_SAMPLES} samples (${RUNS} runs each)`);
  console.log("accepted  true share  rolled back  mean samples until then  can pass at 10 samples");
  for (const maxBreaches of [0.05, 0.1, 0.2]) {
    const spec = { max: 0.5, against: "Bound", maxBreaches, minSamples: 10, falseRollback: 0.05 } as const;
    const test = metricTest(spec);
    for (const breaches of [maxBreaches / 2, maxBreaches, 2 * maxBreaches, 0.5, 1]) {
      const figures = simulateMetric(test, seededRandom(seed), { breaches, maxSamples: MAX_SAMPLES, runs: RUNS });
      const mean = Number.isNaN(figures.meanSamples) ? "" : figures.meanSamples.toFixed(1);
      console.log(
        `${percent(maxBreaches, 0).padStart(8)}  ${percent(breaches).padStart(10)}  ${percent(figures.failed).padStart(11)}  ` +
          `${mean.padStart(23)}  ${percent(figures.passedAtMinimum).padStart(22)}`,
      );
    }
  }
}
