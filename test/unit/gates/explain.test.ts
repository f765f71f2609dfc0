import { expect, test } from "vitest";
import { assessSafety, assessWinRate } from "../../../src/gates/assess.ts";
import { formatEvidence, formatInterval, safetyPromise, winRatePromises } from "../../../src/gates/explain.ts";
import { safetyTest } from "../../../src/gates/safety.ts";
import { winRateTest } from "../../../src/gates/win-rate.ts";

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

test("safety says how many checks are missing, and what its evidence is", () => {
  expect(assessSafety(safety, { checked: 45, violations: 0 }).message).toBe(
    "0 violations in 45 checked answers (interval 0-12%), limit 0.01%; 55 more checks are needed to pass; " +
      "rollback needs 20 of evidence, has 0.79, pass allows 1",
  );
});

test("an assessment without samples has no estimate", () => {
  expect(assessSafety(safety, { checked: 0, violations: 0 })).not.toHaveProperty("estimate");
  expect(assessWinRate(winRate, { samples: 4, sum: 3 }).estimate).toBe(0.75);
});

test.each([
  [Number.NEGATIVE_INFINITY, "under 0.01"],
  [0, "1"],
  [Math.log(0.129), "0.12"],
  [Math.log(19.99), "19.9"],
  [Math.log(250.7), "250"],
  [5000, "over 1000"],
])("evidence of e^%d reads %s, never rounded up", (log, text) => {
  expect(formatEvidence(log)).toBe(text);
});

test.each([
  [{ low: 0.6213, high: 0.7188 }, "62.1-71.9%"],
  [{ low: 0.55, high: 0.741 }, "55-75%"],
  [{ low: 0, high: 0.00432 }, "0-0.44%"],
  [{ low: 0, high: 1 }, "0-100%"],
])("the interval %o reads %s, rounded outwards", (interval, text) => {
  expect(formatInterval(interval)).toBe(text);
});
