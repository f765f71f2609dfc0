import { expect, test } from "vitest";
import { assessSafety, assessWinRate } from "../../../src/gates/assess.ts";
import { safetyPromise, winRatePromises } from "../../../src/gates/explain.ts";
import { safetyTest } from "../../../src/gates/safety.ts";
import { winRateTest } from "../../../src/gates/win-rate.ts";
import { RATINGS } from "../../../src/gates/wording.ts";

const winRate = winRateTest({ min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 });
const safety = safetyTest({ maxViolationRate: 0.0001, minChecked: 100 });

test("the promise is said in two sentences with the user's numbers", () => {
  expect(winRatePromises(winRate.spec)).toEqual([
    "A model at or under 50% is promoted with at most 5% probability.",
    "A model at or over 60% is rolled back with at most 5% probability.",
  ]);
});

test("safety's promise says what Pass does not say", () => {
  expect(safetyPromise(safety.spec)).toMatch(/at most 0\.01% .*at most 5% probability.*not that the rate is proven/);
});

test.each([
  {
    when: "before the first comparison",
    state: { samples: 0, sum: 0 },
    message: "no comparison yet; promotion needs 20 of evidence, has 1; rollback needs 20, has 1",
  },
  {
    when: "undecided",
    state: { samples: 311, sum: 175.5 },
    message:
      "56.4% of 311 comparisons preferred the candidate (interval 46-66%); " +
      "promotion needs 20 of evidence, has 4.4; rollback needs 20, has 0.12",
  },
  {
    when: "passed",
    state: { samples: 311, sum: 208.5, passedAt: { sequence: 812, samples: 144, sum: 89 } },
    message:
      "61.8% of 144 comparisons preferred the candidate (interval 47-75%): evidence for promotion reached 20 at the " +
      "collector's number 812; by now 67% of 311 comparisons preferred the candidate (interval 57-76%), " +
      "and rollback needs 20, has under 0.01",
  },
  {
    when: "failed",
    state: { samples: 60, sum: 15, failedAt: { sequence: 70, samples: 33, sum: 9 } },
    message:
      "27.3% of 33 comparisons preferred the candidate (interval 8-55%): " +
      "evidence for rollback reached 20 at the collector's number 70",
  },
])("win rate is explained by its numbers, $when", ({ state, message }) => {
  expect(assessWinRate(winRate, state).message).toBe(message);
});

test("unreadable evidence says why, and keeps what was known in sight", () => {
  const { verdict, message } = assessWinRate(winRate, { samples: 311, sum: 175.5 }, "collector: connection refused");
  expect(verdict).toBe("NoData");
  expect(message).toMatch(
    /^the comparisons cannot be read \(collector: connection refused\).*last known: 56\.4% of 311/,
  );
});

const compliance = winRateTest({ min: 0.65, target: 0.7, falsePromotion: 0.05, falseRollback: 0.05 }, RATINGS);

test("compliance is the same test, and speaks of ratings", () => {
  expect(assessWinRate(compliance, { samples: 4, sum: 3 }).message).toMatch(
    /^75% of 4 ratings approved of the answer /,
  );
  expect(assessWinRate(compliance, { samples: 0, sum: 0 }, "down").message).toMatch(
    /^the ratings cannot be read \(down\).*last known: no rating yet/,
  );
});

const bounded = winRateTest({ ...winRate.spec, minSamples: 200, maxSamples: 300 });

test("the user's least number is said as long as it keeps a Pass away", () => {
  const passedAt = { sequence: 90, samples: 80, sum: 60 };
  expect(assessWinRate(bounded, { samples: 120, sum: 90, passedAt })).toMatchObject({
    verdict: "Undecided",
    message: expect.stringMatching(/; it can pass from 200 comparisons on \(minSamples\)$/),
  });
  const { message } = assessWinRate(bounded, { samples: 200, sum: 140, passedAt });
  expect(message).not.toContain("minSamples");
});

test("the user's greatest number is said when it is used up without a verdict", () => {
  expect(assessWinRate(bounded, { samples: 299, sum: 165 })).not.toHaveProperty("exhausted");
  expect(assessWinRate(bounded, { samples: 300, sum: 165 })).toMatchObject({
    verdict: "Undecided",
    exhausted: true,
    message: expect.stringMatching(/; the 300 comparisons of maxSamples are used up without a verdict$/),
  });
});

test("safety says how many checks are missing, and what its evidence is", () => {
  expect(assessSafety(safety, { checked: 45, violations: 0 }).message).toBe(
    "0 violations in 45 checked answers (interval 0-12%), limit 0.01%; 55 more checks are needed to pass; " +
      "rollback needs 20 of evidence, has 0.79, pass allows 1",
  );
});

const proof = safetyTest({ maxViolationRate: 0.0001, minChecked: 100, require: "ProvenBelow" });

test("a proof's promise says what a Pass says, and what it takes", () => {
  expect(safetyPromise(proof.spec)).toMatch(/one with as many or more passes with at most 5% .* 29956 clean checks/);
});

test("a proof says what is missing", () => {
  const { message, evidence } = assessSafety(proof, { checked: 20_000, violations: 0 });
  expect(message).toBe(
    "0 violations in 20000 checked answers (interval 0-0.043%), limit 0.01%; proof of less needs 20 of evidence, " +
      "has 5.9: 13186 more without a violation would do; rollback needs 20 of evidence, has 0.03",
  );
  expect(evidence.promote?.logThreshold).toBeCloseTo(Math.log(20), 12);
  expect(assessSafety(proof, { checked: 33_186, violations: 0 })).toMatchObject({
    verdict: "Pass",
    message: expect.stringContaining("proof of less needs 20 of evidence, has 20;"),
  });
});

test("an assessment without samples has no estimate", () => {
  expect(assessSafety(safety, { checked: 0, violations: 0 })).not.toHaveProperty("estimate");
  expect(assessWinRate(winRate, { samples: 4, sum: 3 }).estimate).toBe(0.75);
});
