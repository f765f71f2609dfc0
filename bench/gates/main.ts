import { safetyTest } from "../../src/gates/safety.ts";
import { emptyWinRate, foldWinRate, type WinRateState, winRateTest } from "../../src/gates/win-rate.ts";
import { outcomes, seededRandom, simulateCoverage, simulateSafety, simulateWinRate, waldBounds } from "./simulate.ts";

/** `node bench/gates/main.ts [seed]`: what the shipped gates do, in figures. */
const seed = Number(process.argv[2] ?? 1);
const RUNS = 10_000;

console.log(`Win rate, errors 5%, looked at after every comparison (${RUNS} runs each, seed ${seed})`);
console.log("min  target  truth  ties   promoted  rolled back  mean comparisons  Wald's bound");
for (const [min, target] of [
  [0.6, 0.7],
  [0.5, 0.6],
  [0.45, 0.5],
] as const) {
  const test = winRateTest({ min, target, falsePromotion: 0.05, falseRollback: 0.05 });
  const { atMin, atTarget } = waldBounds(test);
  const bounds = new Map<number, number>([
    [min, atMin],
    [target, atTarget],
  ]);
  for (const truth of [0.3, min, (min + target) / 2, target, 0.8]) {
    for (const ties of truth === min || truth === target ? [0, 0.3] : [0]) {
      const figures = simulateWinRate(test, outcomes(seededRandom(seed), truth, ties), { runs: RUNS });
      console.log(
        `${percent(min, 0)}  ${percent(target, 0)}     ${percent(truth)}  ${percent(ties, 0).padStart(3)}  ` +
          `${percent(figures.promoted).padStart(7)}  ${percent(figures.rolledBack).padStart(11)}  ` +
          `${figures.meanComparisons.toFixed(1).padStart(16)}  ${bounds.get(truth)?.toFixed(1) ?? ""}`,
      );
    }
  }
}

console.log(`\nSafety, limit 0.01%, error 5% (2000 runs each)`);
console.log("true rate  checked  rolled back  mean checked until then");
const safety = safetyTest({ maxViolationRate: 0.0001, minChecked: 100 });
for (const rate of [0.00005, 0.0001, 0.0003, 0.001, 0.003, 0.01]) {
  for (const maxChecked of rate === 0.0003 ? [60_000, 600_000] : [60_000]) {
    const figures = simulateSafety(safety, seededRandom(seed), { rate, maxChecked, runs: 2000 });
    console.log(
      `${percent(rate, 3)}  ${maxChecked}  ${percent(figures.rolledBack)}  ${Math.round(figures.meanChecked)}`,
    );
  }
}

console.log("\nInterval of 95%, true mean inside at every one of 3000 looks (500 runs each)");
for (const mean of [0.65, 0.05]) {
  console.log(`${percent(mean)}  ${percent(simulateCoverage(seededRandom(seed), mean, { looks: 3000, runs: 500 }))}`);
}

console.log(`\nOne fold takes ${microsecondsOfOneFold().toFixed(2)} µs`);

function microsecondsOfOneFold(): number {
  const test = winRateTest({ min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 });
  const draw = outcomes(seededRandom(seed), 0.55);
  const folds = 1_000_000;
  let state: WinRateState = emptyWinRate;
  const start = performance.now();
  for (let sequence = 1; sequence <= folds; sequence++) state = foldWinRate(test, state, { sequence, outcome: draw() });
  return ((performance.now() - start) * 1000) / folds;
}

function percent(fraction: number, digits = 1): string {
  return `${(fraction * 100).toFixed(digits)}%`;
}
