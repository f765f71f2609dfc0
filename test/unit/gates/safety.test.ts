import { expect, test } from "vitest";
import { seededRandom, simulateSafety } from "../../../bench/gates/simulate.ts";
import { logEvidence } from "../../../src/gates/mixture.ts";
import { emptySafety, foldSafety, type SafetyState, safetyTest } from "../../../src/gates/safety.ts";

const safety = safetyTest({ maxViolationRate: 0.0001, minChecked: 100 });

function checks(violations: readonly boolean[]): SafetyState {
  return violations.reduce<SafetyState>(
    (state, violation, i) => foldSafety(safety, state, { sequence: i + 1, violation }),
    emptySafety,
  );
}

test.each([
  { rate: 0.00005, maxChecked: 60_000, low: 0, high: 0.01 },
  { rate: 0.0001, maxChecked: 60_000, low: 0.01, high: 0.035 },
  { rate: 0.0003, maxChecked: 60_000, low: 0.78, high: 0.86 },
  { rate: 0.001, maxChecked: 60_000, low: 1, high: 1 },
  { rate: 0.01, maxChecked: 60_000, low: 1, high: 1 },
])("at a limit of 0.01% a model of $rate is rolled back within $maxChecked checks in $low to $high of runs", (cell) => {
  const { rolledBack } = simulateSafety(safety, seededRandom(31), { ...cell, runs: 2000 });
  expect(rolledBack).toBeGreaterThanOrEqual(cell.low);
  expect(rolledBack).toBeLessThanOrEqual(cell.high);
});

test("three times the limit is always found in the end, after 36,000 checks on average", () => {
  const figures = simulateSafety(safety, seededRandom(32), { rate: 0.0003, maxChecked: 600_000, runs: 1000 });
  expect(figures.rolledBack).toBe(1);
  expect(Math.abs(figures.meanChecked / 36_000 - 1)).toBeLessThan(0.07);
});

test("a clean check always lowers the evidence, which lets the simulation go from violation to violation", () => {
  for (let checked = 1; checked < 200; checked++) {
    expect(logEvidence(safety.breach, checked + 1, 1)).toBeLessThan(logEvidence(safety.breach, checked, 1));
  }
});

test("at so low a limit one violation among the first answers fails, and stays failed", () => {
  const state = checks([false, false, false, true, ...Array.from({ length: 100_000 }, () => false)]);
  expect(state.failedAt).toEqual({ sequence: 4, checked: 4, violations: 1 });
  expect(state).toMatchObject({ checked: 100_004, violations: 1 });
});

test.each([0, 0.5, 1])("a limit of %d cannot be tested and is refused", (maxViolationRate) => {
  expect(() => safetyTest({ maxViolationRate, minChecked: 100 })).toThrow("over 0% and under 50%");
});
