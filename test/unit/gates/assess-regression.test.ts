import { expect, test } from "vitest";
import { assessRegression, regressionPromises } from "../../../src/gates/assess-regression.ts";
import { emptyRegression, foldRegression, regressionTest } from "../../../src/gates/regression.ts";

const regression = regressionTest({ maxDrop: 0.05, falsePromotion: 0.05, falseRollback: 0.1 });
const passedAt = { sequence: 700, samples: 300, sum: 153 };
const failedAt = { sequence: 900, samples: 400, sum: 180 };

/** A hundred pairs in which the candidate was liked 60 times and stable 64 times. */
const someway = Array.from({ length: 200 }, (_, i) => i).reduce(
  (state, i) =>
    foldRegression(regression, state, {
      sequence: i + 1,
      arm: i % 2 === 0 ? "Stable" : "Candidate",
      outcome: (i * 37) % 100 < (i % 2 === 0 ? 64 : 60) ? 1 : 0,
    }),
  emptyRegression,
);

test("the promises name whose ratings, and by how much", () => {
  expect(regressionPromises(regression.spec)).toEqual([
    "A model whose ratings are 5 points or more under stable's is promoted with at most 5% probability.",
    "A model whose ratings are not under stable's is rolled back with at most 10% probability.",
  ]);
});

test("the estimate is the candidate's mean less stable's, and lies inside its interval", () => {
  const { samples, sum, estimate = Number.NaN, interval } = assessRegression(regression, someway);
  expect({ samples, sum }).toEqual({ samples: 100, sum: -4 });
  expect(estimate).toBeCloseTo(-0.04, 12);
  expect(interval.low).toBeLessThan(estimate);
  expect(interval.high).toBeGreaterThan(estimate);
});

test.each([
  [
    "before the first pair",
    emptyRegression,
    "Undecided",
    /^no pair of ratings yet, limit 5 points under; promotion needs 20/,
  ],
  [
    "undecided",
    someway,
    "Undecided",
    /^over 100 pairs of ratings the candidate is 4 points under stable \(interval -\d+(\.\d)? to \d+(\.\d)? points\), limit 5 points under; promotion needs 20 of evidence, has .*; rollback needs 10, has/,
  ],
  [
    "passed",
    { ...someway, passedAt },
    "Pass",
    /^over 300 pairs of ratings the candidate is 2 points over stable: evidence of less than 5 points under reached 20 at the collector's number 700; by now over 100 pairs .*4 points under/,
  ],
  [
    "failed",
    { ...someway, passedAt, failedAt },
    "Fail",
    /^over 400 pairs of ratings the candidate is 10 points under stable: evidence of a drop reached 10 at the collector's number 900$/,
  ],
] as const)("%s it is explained by its numbers", (_when, state, verdict, message) => {
  const assessment = assessRegression(regression, state);
  expect(assessment.verdict).toBe(verdict);
  expect(assessment.message).toMatch(message);
});

test.each([
  ["a Pass waits", { ...someway, passedAt }, "NoData"],
  ["a Fail does not", { ...someway, failedAt }, "Fail"],
] as const)("while ratings cannot be read %s", (_case, state, verdict) => {
  expect(assessRegression(regression, state, "no answer").verdict).toBe(verdict);
});

test("unreadable ratings say why, and keep what was known in sight", () => {
  expect(assessRegression(regression, someway, "no answer").message).toMatch(
    /^the ratings cannot be read \(no answer\).*last known: over 100 pairs/,
  );
});
