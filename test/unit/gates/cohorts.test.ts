import { expect, test } from "vitest";
import { seededRandom } from "../../../bench/gates/simulate.ts";
import { simulateCohorts } from "../../../bench/gates/simulate-cohorts.ts";
import { assessCohorts, cohortsPromise } from "../../../src/gates/assess-cohorts.ts";
import { type CohortsState, cohortsTest, emptyCohorts, foldCohorts } from "../../../src/gates/cohorts.ts";

const spec = { cohorts: ["chat", "code", "math"], min: 0.45, minSamples: 10, falseRollback: 0.05 };
const guard = cohortsTest(spec);

/** So many comparisons of a cohort, the losses first. */
function fold(cohort: string | null, wins: number, losses: number, from: CohortsState = emptyCohorts): CohortsState {
  const outcomes = [...Array(losses).fill(0), ...Array(wins).fill(1)];
  return outcomes.reduce<CohortsState>(
    (state, outcome, i) => foldCohorts(guard, state, { sequence: i + 1, outcome, cohort }),
    from,
  );
}

const fine = fold("math", 6, 4, fold("code", 6, 4, fold("chat", 6, 4)));

function simulate(seed: number, means: readonly number[], runs: number) {
  return simulateCohorts(guard, seededRandom(seed), { means, maxComparisons: 1500, runs });
}

test("a model at the floor in every cohort is rolled back in at most 5% of runs, over all cohorts together", () => {
  const { failed } = simulate(51, [0.45, 0.45, 0.45], 500);
  expect(failed).toBeLessThanOrEqual(0.05);
  expect(failed).toBeGreaterThan(0);
});

test("one harmed cohort is found and named, though the average is well over the floor", () => {
  const figures = simulate(52, [0.65, 0.65, 0.25], 200);
  expect(figures.failed).toBe(1);
  expect(figures.namedWrongly).toBeLessThanOrEqual(0.05);
  expect(figures.meanComparisons).toBeLessThan(250);
});

test("a Fail says which cohort and where, and stays", () => {
  const failed = fold("code", 0, 40, fine);
  expect(failed.failedAt?.cohorts).toEqual(["code"]);
  expect(fold("code", 1000, 0, failed).failedAt).toEqual(failed.failedAt);
  expect(assessCohorts(guard, failed)).toMatchObject({
    verdict: "Fail",
    message: expect.stringMatching(
      /^code under 45%: evidence of harm reached 20 at the collector's number \d+; by now most is against code: \d+% of 50 comparisons preferred/,
    ),
  });
});

test("evidence that no cohort has enough of to be named still fails", () => {
  // Their evidence is 47.9, 11.3 and 1.4: 20.2 on average, while one alone needs 60.
  const failed = fold("chat", 0, 9, fold("math", 0, 1, fold("code", 0, 6)));
  expect(failed.failedAt).toEqual({ sequence: 9, samples: 16, sum: 0, cohorts: [] });
  expect(assessCohorts(guard, failed).message).toMatch(/^some cohort that cannot be named under 45%/);
});

test.each([
  [
    "nothing yet",
    emptyCohorts,
    "Undecided",
    /nothing is against any yet; to pass it needs 10 more comparisons of chat, 10 more/,
  ],
  [
    "a minimum that one cohort has not",
    fold("math", 5, 4, fold("code", 6, 4, fold("chat", 6, 4))),
    "Undecided",
    /to pass it needs 1 more comparison of math; rollback/,
  ],
  [
    "every minimum",
    fine,
    "Pass",
    /^no cohort may be under 45%: nearest to it is .*: 60% of 10 .*; rollback needs 20 of evidence over 3 cohorts, has 0\.\d+, pass allows 1$/,
  ],
  ["something against one", fold("code", 0, 13, fine), "Undecided", /most is against code: 26\.1% of 23 comparisons/],
] as const)("with %s it is %o", (_case, state, verdict, message) => {
  const assessment = assessCohorts(guard, state);
  expect(assessment.verdict).toBe(verdict);
  expect(assessment.message).toMatch(message);
});

test.each(["poetry", null, "constructor", "__proto__"])(
  "comparisons of %s, which was not declared, are counted and said, not bet on",
  (cohort) => {
    const state = fold(cohort, 0, 50, fine);
    expect(state).toEqual({ ...fine, unknown: 50 });
    expect(assessCohorts(guard, state)).toMatchObject({
      verdict: "Pass",
      message: expect.stringMatching(/; 50 comparisons of no declared cohort left out$/),
    });
  },
);

test.each(["constructor", "__proto__"])("a cohort may be called %s", (cohort) => {
  const odd = cohortsTest({ ...spec, cohorts: [cohort] });
  const state = foldCohorts(odd, emptyCohorts, { sequence: 1, outcome: 1, cohort });
  const again = foldCohorts(odd, JSON.parse(JSON.stringify(state)), { sequence: 2, outcome: 0, cohort });
  expect(assessCohorts(odd, again)).toMatchObject({ samples: 2, sum: 1 });
});

test.each([
  [fine, "NoData"],
  [fold("code", 0, 40, fine), "Fail"],
] as const)("while comparisons cannot be read a Pass waits and a Fail does not: %#", (state, verdict) => {
  expect(assessCohorts(guard, state, "no answer").verdict).toBe(verdict);
});

test("the promise says over how many cohorts it holds", () => {
  expect(cohortsPromise(spec)).toBe(
    "A model at or over 45% in all of 3 cohorts is rolled back with at most 5% probability; " +
      "Pass says that 10 or more comparisons of each gave no evidence of less.",
  );
});

test.each([
  [{ cohorts: [] }, "cohorts needs names"],
  [{ cohorts: ["a", "b", "a"] }, "each one once"],
  [{ min: 0 }, "cohorts needs min between 0 and 1"],
  [{ falseRollback: 1 }, "cohorts needs falseRollback between 0 and 1"],
])("numbers that are no test are refused: %o", (wrong, message) => {
  expect(() => cohortsTest({ ...spec, ...wrong })).toThrow(message);
});

test("an outcome that is none is refused, with the comparison's number", () => {
  expect(() => foldCohorts(guard, emptyCohorts, { sequence: 812, outcome: 2, cohort: "chat" })).toThrow(
    "comparison 812",
  );
});
