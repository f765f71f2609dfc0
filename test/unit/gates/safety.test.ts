import { expect, test } from "vitest";
import { seededRandom, simulateSafety } from "../../../bench/gates/simulate.ts";
import { simulateProof } from "../../../bench/gates/simulate-proof.ts";
import { logEvidence } from "../../../src/gates/mixture.ts";
import {
  cleanChecksToProve,
  emptySafety,
  foldSafety,
  minimumChecksToProve,
  type SafetyState,
  safetyTest,
} from "../../../src/gates/safety.ts";

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

const proven = safetyTest({ maxViolationRate: 0.0001, minChecked: 100, require: "ProvenBelow" });

test.each([
  [0.0001, 0.05, 29_956],
  [0.001, 0.05, 2995],
  [0.01, 0.05, 299],
  [0.01, 0.01, 459],
])("to prove a rate under %d at an error of %d takes %d clean checks at least", (limit, alpha, checks) => {
  expect(minimumChecksToProve(limit, alpha)).toBe(checks);
  expect((1 - limit) ** checks).toBeLessThanOrEqual(alpha);
  expect((1 - limit) ** (checks - 1)).toBeGreaterThan(alpha);
});

test.each(["breach", "proof"] as const)("the evidence of a %s begins at 1, which is none", (which) => {
  expect(logEvidence(proven[which], 0, 0)).toBeCloseTo(0, 12);
});

test("the shipped proof takes about a tenth more than the least, and survives a violation", () => {
  const clean = cleanChecksToProve(proven, emptySafety);
  expect(clean / 29_956).toBeGreaterThan(1);
  expect(clean / 29_956).toBeLessThan(1.12);
  const state = { checked: clean, violations: 0 };
  expect(cleanChecksToProve(proven, state)).toBe(0);
  expect(cleanChecksToProve(proven, { checked: clean - 1, violations: 0 })).toBe(1);
  expect(cleanChecksToProve(proven, { checked: 20_000, violations: 1 })).toBeLessThan(60_000);
});

test("a model at the limit is ever said to be proven under it in at most 5% of runs, looked at after every check", () => {
  const runs = 4000;
  const figures = simulateProof(proven, seededRandom(33), { rate: 0.0001, maxChecked: 500_000, runs });
  // Clean checks come in small steps, so that nearly all of the 5% is used: the simulation's own error is left room.
  const standardError = Math.sqrt((0.05 * 0.95) / runs);
  expect(Math.abs(figures.proven - 0.05)).toBeLessThan(2 * standardError);
});

test.each([
  { rate: 0.00001, checks: 46_000 },
  { rate: 0.00005, checks: 265_000 },
])("a model of $rate is proven under 0.01% after about $checks checks", ({ rate, checks }) => {
  const figures = simulateProof(proven, seededRandom(34), { rate, maxChecked: 10_000_000, runs: 300 });
  expect(figures.proven).toBe(1);
  expect(Math.abs(figures.meanChecked / checks - 1)).toBeLessThan(0.15);
});
