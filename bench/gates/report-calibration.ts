import { calibrationTest } from "../../src/gates/calibration.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { simulateCalibration } from "./simulate-calibration.ts";

const RUNS = 200;

export function reportCalibration(seed: number): void {
  const test = calibrationTest({ maxError: 0.1 });
  console.log(`\nCalibration, maxError 10%, errors 5%, up to 20000 choices (${RUNS} runs each)`);
  console.log("raters' log-odds  true error  passed  failed  true error ever outside  mean choices");
  for (const slope of [1, 0.7, 0.55, 0.5, 0.4, 0.3, 0, 2]) {
    const cell = { slope, maxChoices: 20_000, runs: RUNS };
    const figures = simulateCalibration(test, seededRandom(seed), cell);
    console.log(
      `${`${slope} x margin`.padStart(16)}  ${percent(figures.trueError).padStart(10)}  ${percent(figures.passed).padStart(6)}  ` +
        `${percent(figures.failed).padStart(6)}  ${percent(figures.missed).padStart(23)}  ${Math.round(figures.meanChoices)}`,
    );
  }
}
