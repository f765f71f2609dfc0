import { winRateTest } from "../../src/gates/win-rate.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { type SelectionCell, simulateSelection } from "./simulate-selection.ts";

const RUNS = 4000;
const TRUTHS = [
  [0.5, 0.5, 0.5],
  [0.6, 0.6, 0.6],
  [0.6, 0.45, 0.45],
  [0.7, 0.45, 0.45],
  [0.65, 0.6, 0.45],
  [0.7, 0.5, 0.5, 0.5],
];

export function reportSelection(seed: number): void {
  console.log(
    `\nSelection at {50%, 60%}, errors 5% over all contenders, ${RUNS} runs, shares anew every 10 comparisons`,
  );
  console.log("win rates           shares         chosen                   nobody  any rejected  mean comparisons");
  for (const truths of TRUTHS) {
    const [falsePromotion, falseRollback] = [0.05 / truths.length, 0.05 / truths.length];
    const test = winRateTest({ min: 0.5, target: 0.6, falsePromotion, falseRollback });
    const cells: readonly (readonly [string, SelectionCell])[] = [
      ["Thompson, 10%", { truths, minShare: 0.1, runs: RUNS }],
      ["all alike", { truths, runs: RUNS }],
    ];
    for (const [name, cell] of cells) {
      const { chosen, nobody, anyRejected, meanComparisons } = simulateSelection(test, seededRandom(seed), cell);
      const rates = truths.map((truth) => `${truth * 100}%`).join(" ");
      console.log(
        `${rates.padEnd(18)}  ${name.padEnd(13)}  ${chosen
          .map((share) => percent(share))
          .join(" ")
          .padEnd(
            23,
          )}  ${percent(nobody).padStart(6)}  ${percent(anyRejected).padStart(12)}  ${Math.round(meanComparisons)}`,
      );
    }
  }
}
