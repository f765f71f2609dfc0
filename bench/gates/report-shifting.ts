import { winRateTest } from "../../src/gates/win-rate.ts";
import { percent } from "./percent.ts";
import { seededRandom } from "./simulate.ts";
import { inTurns, type ShiftingCell, simulateShifting } from "./simulate-shifting.ts";

const RUNS = 500;

const test = winRateTest({ min: 0.6, target: 0.7, falsePromotion: 0.05, falseRollback: 0.05 });

export function reportShifting(seed: number): void {
  reportTurns(seed);
  reportFalseAlarms(seed);
}

function reportTurns(seed: number): void {
  console.log(`\nA mean that comes and goes, {60%, 70%}, errors 5%, up to 3000 bets (${RUNS} runs each)`);
  console.log("                                           without the monitor    with it");
  console.log("means in turns       promotes   rollback  promoted  rolled back  promoted  rolled back");
  for (const [first, second, turn] of [
    [0.7, 0.5, 300],
    [0.75, 0.55, 300],
    [0.7, 0.5, 1000],
  ] as const) {
    for (const rollback of [false, true]) {
      for (const promotesFrom of [1, 600, 1200]) {
        const cell = { mean: inTurns(first, second, turn), promotesFrom, rollback, maxBets: 3000, runs: RUNS };
        const figures = [false, true].map((monitor) =>
          simulateShifting(test, seededRandom(seed), { ...cell, monitor }),
        );
        const means = `${percent(first, 0)}, ${percent(second, 0)} of ${turn}`;
        const when = promotesFrom === 1 ? "at once" : `from ${promotesFrom}`;
        console.log(
          `${means.padEnd(19)}  ${when.padEnd(9)}  ${(rollback ? "on" : "off").padEnd(8)}  ` +
            figures.map((f) => `${percent(f.promoted).padStart(8)}  ${percent(f.rolledBack).padStart(11)}`).join("  "),
        );
      }
    }
  }
}

function reportFalseAlarms(seed: number): void {
  const { min, target } = test.spec;
  console.log(
    "\nA mean that stays: promoted at once with the monitor on; shifting, though nothing changed, and its bound",
  );
  console.log("mean  promoted  shifting within 1000  bound  within 3000  bound");
  for (const mean of [min, (min + target) / 2, target, 0.75]) {
    const stays: Omit<ShiftingCell, "promotesFrom" | "maxBets" | "runs"> = {
      mean: () => mean,
      monitor: true,
      rollback: true,
    };
    const { promoted } = simulateShifting(test, seededRandom(seed), {
      ...stays,
      promotesFrom: 1,
      maxBets: 3000,
      runs: 5000,
    });
    const cells = [1000, 3000].map((bets) => {
      const cell = { ...stays, promotesFrom: bets + 1, maxBets: bets, runs: 2000 };
      const { shifting } = simulateShifting(test, seededRandom(seed), cell);
      const bound = mean <= min ? percent(0.05) : mean < target ? "none" : percent(Math.ceil(bets / 50) / 1000);
      return `${percent(shifting).padStart(bets === 1000 ? 20 : 11)}  ${bound.padStart(5)}`;
    });
    console.log(`${percent(mean, 0).padStart(4)}  ${percent(promoted).padStart(8)}  ${cells.join("  ")}`);
  }
}
