import { cohortsTest } from "../../src/gates/cohorts.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { simulateCohorts } from "./simulate-cohorts.ts";

const RUNS = 500;
const NAMES = ["chat", "code", "law", "math", "safety"];

export function reportCohorts(seed: number): void {
  const test = cohortsTest({ cohorts: NAMES, min: 0.45, minSamples: 30, falseRollback: 0.05 });
  console.log(`\nCohorts, five of them, floor 45%, error 5%, up to 3000 comparisons (${RUNS} runs each)`);
  console.log("true means               rolled back  one named wrongly  mean comparisons until then");
  for (const means of [
    [0.45, 0.45, 0.45, 0.45, 0.45],
    [0.6, 0.6, 0.6, 0.6, 0.45],
    [0.6, 0.6, 0.6, 0.6, 0.35],
    [0.6, 0.6, 0.6, 0.6, 0.25],
    [0.6, 0.6, 0.6, 0.35, 0.35],
    [0.4, 0.4, 0.4, 0.4, 0.4],
  ]) {
    const figures = simulateCohorts(test, seededRandom(seed), { means, maxComparisons: 3000, runs: RUNS });
    console.log(
      `${means.map((mean) => percent(mean, 0)).join(" ")}      ${percent(figures.failed).padStart(11)}  ` +
        `${percent(figures.namedWrongly).padStart(17)}  ${Math.round(figures.meanComparisons)}`,
    );
  }
}
