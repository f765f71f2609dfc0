import { expect, test } from "vitest";
import { logMean, namedBy } from "../../../src/gates/e-values.ts";

const logs = (values: readonly number[]) => values.map((value) => Math.log(value));

test.each([
  { values: [20], mean: 20 },
  { values: [1, 1, 1], mean: 1 },
  { values: [0, 30], mean: 15 },
  { values: [0, 0], mean: 0 },
])("the mean of $values is $mean", ({ values, mean }) => {
  expect(Math.exp(logMean(logs(values)))).toBeCloseTo(mean, 10);
});

test("the mean of e-values too large for a number is finite in logarithms", () => {
  expect(logMean([5000, 5000 + Math.log(3)])).toBeCloseTo(5000 + Math.log(2), 10);
});

// With K = 4 and alpha = 5% the largest needs 80, two need 40 each, three 26.7, four 20.
test.each([
  { values: [1, 2, 3, 4], named: [] },
  { values: [79, 1, 1, 1], named: [] },
  { values: [1, 80, 1, 1], named: [1] },
  { values: [1, 41, 39, 41], named: [1, 3, 2] },
  { values: [1, 1, 41, 40], named: [2, 3] },
  { values: [20, 20, 20, 20], named: [0, 1, 2, 3] },
  { values: [20, 20, 19, 20], named: [] },
])("of $values e-BH names $named", ({ values, named }) => {
  expect(namedBy(logs(values), 0.05)).toEqual(named);
});
