import { expect, test } from "vitest";
import { outcomes, seededRandom, simulateWinRate, waldBounds } from "../../../bench/gates/simulate.ts";
import { emptyWinRate, foldWinRate, retryWinRate, winRateTest } from "../../../src/gates/win-rate.ts";

function test5percent(min: number, target: number) {
  return winRateTest({ min, target, falsePromotion: 0.05, falseRollback: 0.05 });
}

test("an equal model is promoted in at most 5% of 10,000 runs, looked at after every comparison", () => {
  const figures = simulateWinRate(test5percent(0.5, 0.6), outcomes(seededRandom(11), 0.5), { runs: 10_000 });
  expect(figures.promoted).toBeLessThanOrEqual(0.05);
  expect(figures.promoted).toBeGreaterThan(0.03);
  expect(figures.promoted + figures.rolledBack).toBe(1);
});

test("a model at the target is rolled back in at most 5% of 10,000 runs", () => {
  const figures = simulateWinRate(test5percent(0.5, 0.6), outcomes(seededRandom(12), 0.6), { runs: 10_000 });
  expect(figures.rolledBack).toBeLessThanOrEqual(0.05);
  expect(figures.rolledBack).toBeGreaterThan(0.03);
});

test.each([
  { min: 0.6, target: 0.7, truth: 0.3, promoted: 0, comparisons: 14 },
  { min: 0.6, target: 0.7, truth: 0.6, promoted: 0.048, comparisons: 129 },
  { min: 0.6, target: 0.7, truth: 0.7, promoted: 0.955, comparisons: 136 },
  { min: 0.6, target: 0.7, truth: 0.8, promoted: 1, comparisons: 43 },
  { min: 0.5, target: 0.6, truth: 0.3, promoted: 0, comparisons: 24 },
  { min: 0.5, target: 0.6, truth: 0.8, promoted: 1, comparisons: 23 },
  { min: 0.45, target: 0.5, truth: 0.3, promoted: 0, comparisons: 57 },
  { min: 0.45, target: 0.5, truth: 0.45, promoted: 0.044, comparisons: 568 },
  { min: 0.45, target: 0.5, truth: 0.5, promoted: 0.958, comparisons: 593 },
  { min: 0.45, target: 0.5, truth: 0.8, promoted: 1, comparisons: 19 },
])(
  "at {$min, $target} a model of $truth is promoted in about $promoted of runs after about $comparisons comparisons",
  ({ min, target, truth, promoted, comparisons }) => {
    const figures = simulateWinRate(test5percent(min, target), outcomes(seededRandom(13), truth), { runs: 4000 });
    expect(Math.abs(figures.promoted - promoted)).toBeLessThan(0.015);
    expect(Math.abs(figures.meanComparisons / comparisons - 1)).toBeLessThan(0.08);
  },
);

test.each([
  [0.6, 0.7],
  [0.5, 0.6],
  [0.45, 0.5],
])("at {%d, %d} the mean number of comparisons stays within 1.2 times Wald's bound", (min, target) => {
  const test = test5percent(min, target);
  const { atMin, atTarget } = waldBounds(test);
  const mean = (truth: number) =>
    simulateWinRate(test, outcomes(seededRandom(14), truth), { runs: 1000 }).meanComparisons;
  expect(mean(min) / atMin).toBeLessThan(1.2);
  expect(mean(target) / atTarget).toBeLessThan(1.2);
});

test("ties keep the promise: with 30% of them an equal model is promoted in about 1% of runs", () => {
  const figures = simulateWinRate(test5percent(0.5, 0.6), outcomes(seededRandom(15), 0.5, 0.3), { runs: 4000 });
  expect(figures.promoted).toBeLessThan(0.02);
});

test("an equal model that is tried again after every rejection is promoted in at most 5% of runs, over all its tries", () => {
  const equal = test5percent(0.5, 0.6);
  const random = seededRandom(16);
  const runs = 2000;
  let promoted = 0;
  for (let run = 0; run < runs; run++) {
    let state = emptyWinRate;
    for (let tries = 0, sequence = 1; tries < 5 && sequence < 3000; sequence++) {
      state = foldWinRate(equal, state, { sequence, outcome: random() < 0.5 ? 1 : 0 });
      if (state.passedAt !== undefined) break;
      if (state.failedAt === undefined) continue;
      state = retryWinRate(state);
      tries += 1;
    }
    if (state.passedAt !== undefined) promoted += 1;
  }
  expect(promoted / runs).toBeLessThanOrEqual(0.05);
  expect(promoted).toBeGreaterThan(0);
});
