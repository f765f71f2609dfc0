import { regressionTest } from "../../src/gates/regression.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { simulateRegression } from "./simulate-regression.ts";

export function reportRegression(seed: number): void {
  const test = regressionTest({ maxDrop: 0.05, falsePromotion: 0.05, falseRollback: 0.05 });
  console.log("\nRegression, maxDrop 5 points, errors 5%, stable's ratings 70% good, looked at after every rating");
  console.log("candidate  its share  runs  promoted  rolled back  mean pairs");
  for (const candidate of [0.6, 0.65, 0.675, 0.7, 0.75]) {
    for (const [share, runs] of [
      ["InTurn", 2000],
      [0.5, 2000],
      [0.01, 300],
    ] as const) {
      const cell = { candidate, stable: 0.7, share, runs, maxPairs: 20_000 };
      const figures = simulateRegression(test, seededRandom(seed), cell);
      console.log(
        `${percent(candidate).padStart(9)}  ${(share === "InTurn" ? "in turn" : percent(share, 0)).padStart(9)}  ` +
          `${String(runs).padStart(4)}  ${percent(figures.promoted).padStart(8)}  ` +
          `${percent(figures.rolledBack).padStart(11)}  ${Math.round(figures.meanPairs)}`,
      );
    }
  }
}
