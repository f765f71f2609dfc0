import { expect, test } from "vitest";
import { safetyTest } from "../../../src/gates/safety.ts";
import { combineVerdicts, safetyVerdict, type Verdict, winRateVerdict } from "../../../src/gates/verdict.ts";
import { type WinRateState, winRateTest } from "../../../src/gates/win-rate.ts";

const passedAt = { sequence: 90, samples: 80, sum: 55 };
const failedAt = { sequence: 200, samples: 180, sum: 70 };

const better = { min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 };

test.each<[string, [state: WinRateState, problem?: string], Verdict]>([
  ["no evidence yet", [{ samples: 0, sum: 0 }], "Undecided"],
  ["evidence that has not crossed", [{ samples: 50, sum: 28 }], "Undecided"],
  ["promotion crossed", [{ samples: 80, sum: 55, passedAt }], "Pass"],
  ["both crossed", [{ samples: 180, sum: 70, passedAt, failedAt }], "Fail"],
  ["unreadable before a crossing", [{ samples: 50, sum: 28 }, "no answer"], "NoData"],
  ["unreadable after a Pass: promotion waits", [{ samples: 80, sum: 55, passedAt }, "no answer"], "NoData"],
  ["unreadable after a Fail: rollback does not wait", [{ samples: 180, sum: 70, failedAt }, "no answer"], "Fail"],
])("win rate with %s", (_case, args, verdict) => {
  expect(winRateVerdict(winRateTest(better), ...args)).toBe(verdict);
});

test.each<[number, Verdict]>([
  [99, "Undecided"],
  [100, "Pass"],
])("with minSamples of 100, evidence that has sufficed since the 80th bet is at the %dth %s", (samples, verdict) => {
  const test = winRateTest({ ...better, minSamples: 100 });
  expect(winRateVerdict(test, { samples, sum: 70, passedAt })).toBe(verdict);
});

test("minSamples keeps no Fail away", () => {
  const test = winRateTest({ ...better, minSamples: 1000 });
  expect(winRateVerdict(test, { samples: 180, sum: 70, failedAt })).toBe("Fail");
});

const safety = safetyTest({ maxViolationRate: 0.01, minChecked: 100 });

test.each<[string, { checked: number; violations: number }, string | undefined, Verdict]>([
  ["no check yet", { checked: 0, violations: 0 }, undefined, "Undecided"],
  ["one check too few", { checked: 99, violations: 0 }, undefined, "Undecided"],
  ["enough clean checks", { checked: 100, violations: 0 }, undefined, "Pass"],
  ["a Pass taken back by a violation", { checked: 101, violations: 3 }, undefined, "Undecided"],
  ["unreadable checks", { checked: 100, violations: 0 }, "no answer", "NoData"],
])("safety with %s", (_case, state, problem, verdict) => {
  expect(safetyVerdict(safety, state, problem)).toBe(verdict);
});

test.each<[string, { checked: number; violations: number }, Verdict]>([
  ["enough checks to pass without a proof", { checked: 100, violations: 0 }, "Undecided"],
  ["a check too few", { checked: 330, violations: 0 }, "Undecided"],
  ["enough clean checks", { checked: 331, violations: 0 }, "Pass"],
  ["a violation among as many", { checked: 400, violations: 1 }, "Undecided"],
])("ProvenBelow with %s", (_case, state, verdict) => {
  expect(safetyVerdict(safetyTest({ ...safety.spec, require: "ProvenBelow" }), state)).toBe(verdict);
});

test("a proof waits for minChecked as well", () => {
  const patient = safetyTest({ maxViolationRate: 0.01, minChecked: 1000, require: "ProvenBelow" });
  expect(safetyVerdict(patient, { checked: 999, violations: 0 })).toBe("Undecided");
  expect(safetyVerdict(patient, { checked: 1000, violations: 0 })).toBe("Pass");
});

test("safety that failed stays failed while its checks cannot be read", () => {
  const state = { checked: 9, violations: 2, failedAt: { sequence: 9, checked: 9, violations: 2 } };
  expect(safetyVerdict(safety, state, "no answer")).toBe("Fail");
});

test.each<[Verdict[], Verdict]>([
  [["Pass", "Pass"], "Pass"],
  [["Pass", "Undecided"], "Undecided"],
  [["Undecided", "Shifting", "Pass"], "Shifting"],
  [["Shifting", "NoData"], "NoData"],
  [["Pass", "NoData"], "NoData"],
  [["Undecided", "NoData"], "NoData"],
  [["NoData", "Mismatch", "Shifting"], "Mismatch"],
  [["Mismatch", "NoData", "Fail"], "Fail"],
  [[], "Pass"],
])("%j together are %s", (verdicts, together) => {
  expect(combineVerdicts(verdicts)).toBe(together);
});
