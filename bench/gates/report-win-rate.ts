import { emptyWinRate, foldWinRate, type WinRateState, winRateTest } from "../../src/gates/win-rate.ts";
import { percent } from "./percent.ts";
import { outcomes, seededRandom, simulateCoverage, simulateWinRate, waldBounds } from "./simulate.ts";

const RUNS = 10_000;

const THRESHOLDS = [
  [0.6, 0.7],
  [0.5, 0.6],
  [0.45, 0.5],
] as const;

export function reportWinRate(seed: number): void {
  console.log(`\nWin rate and compliance, errors 5%, looked at after every bet (${RUNS} runs each, seed ${seed})`);
  console.log("min  target  truth  ties   promoted  rolled back  mean bets  Wald's bound");
  for (const [min, target] of THRESHOLDS) {
    for (const truth of [0.3, min, (min + target) / 2, target, 0.8]) {
      for (const ties of truth === min || truth === target ? [0, 0.3] : [0]) {
        console.log(row(seed, { min, target, truth, ties }));
      }
    }
  }
  console.log("\nInterval of 95%, true mean inside at every one of 3000 looks (500 runs each)");
  for (const mean of [0.65, 0.05]) {
    console.log(`${percent(mean)}  ${percent(simulateCoverage(seededRandom(seed), mean, { looks: 3000, runs: 500 }))}`);
  }
  console.log(`\nOne fold takes ${microsecondsOfOneFold(seed).toFixed(2)} µs`);
}

interface Cell {
  readonly min: number;
  readonly target: number;
  readonly truth: number;
  readonly ties: number;
}

function row(seed: number, { min, target, truth, ties }: Cell): string {
  const test = winRateTest({ min, target, falsePromotion: 0.05, falseRollback: 0.05 });
  const { atMin, atTarget } = waldBounds(test);
  const bound = truth === min ? atMin : truth === target ? atTarget : undefined;
  const figures = simulateWinRate(test, outcomes(seededRandom(seed), truth, ties), { runs: RUNS });
  return (
    `${percent(min, 0)}  ${percent(target, 0)}     ${percent(truth)}  ${percent(ties, 0).padStart(3)}  ` +
    `${percent(figures.promoted).padStart(9)}  ${percent(figures.rolledBack).padStart(11)}  ` +
    `${figures.meanComparisons.toFixed(1).padStart(9)}  ${bound?.toFixed(1) ?? ""}`
  );
}

function microsecondsOfOneFold(seed: number): number {
  const test = winRateTest({ min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 });
  const draw = outcomes(seededRandom(seed), 0.55);
  const folds = 1_000_000;
  let state: WinRateState = emptyWinRate;
  const start = performance.now();
  for (let sequence = 1; sequence <= folds; sequence++) state = foldWinRate(test, state, { sequence, outcome: draw() });
  return ((performance.now() - start) * 1000) / folds;
}
