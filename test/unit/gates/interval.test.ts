import { expect, test } from "vitest";
import { seededRandom, simulateCoverage } from "../../../bench/gates/simulate.ts";
import { anytimeInterval } from "../../../src/gates/interval.ts";

test.each([
  { samples: 100, low: 48.5, high: 79.4 },
  { samples: 300, low: 55.1, high: 74.1 },
  { samples: 805, low: 58.8, high: 70.9 },
  { samples: 3000, low: 61.6, high: 68.3 },
])("65% of $samples outcomes give $low to $high%", ({ samples, low, high }) => {
  const interval = anytimeInterval(samples, 0.65 * samples);
  expect(interval.low * 100).toBeCloseTo(low, 1);
  expect(interval.high * 100).toBeCloseTo(high, 1);
});

test("without outcomes nothing is known", () => {
  expect(anytimeInterval(0, 0)).toEqual({ low: 0, high: 1 });
});

test("the interval reaches 0 when nothing was won and 1 when everything was", () => {
  expect(anytimeInterval(20, 0).low).toBe(0);
  expect(anytimeInterval(20, 20).high).toBe(1);
  expect(anytimeInterval(20, 0).high).toBeCloseTo(1 - anytimeInterval(20, 20).low, 12);
});

test("a million outcomes give an interval of under half a percent around the estimate", () => {
  const { low, high } = anytimeInterval(1_000_000, 500_000);
  expect(low).toBeGreaterThan(0.4975);
  expect(high).toBeLessThan(0.5025);
});

test.each([0.65, 0.05])("a true mean of %d is inside at every look in at least 19 of 20 runs", (mean) => {
  expect(simulateCoverage(seededRandom(21), mean, { looks: 500, runs: 200 })).toBeGreaterThanOrEqual(0.95);
});
