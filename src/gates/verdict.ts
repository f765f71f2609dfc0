import { logEvidence } from "./mixture.ts";
import { ofLastTry, type SafetyState, type SafetyTest } from "./safety.ts";
import type { WinRateTest } from "./two-thresholds.ts";
import { isShifting, type WinRateState } from "./win-rate.ts";

/**
 * What a gate says about the candidate.
 * - `NoData`: its evidence cannot be read, which is never taken for good news.
 * - `Shifting`: its evidence is there, but says something else than it did before.
 * - `Mismatch`: the arms do not get what their weights say, so that what there is of evidence is not trusted.
 */
export type Verdict = "Pass" | "Fail" | "Undecided" | "NoData" | "Shifting" | "Mismatch";

/**
 * Fail is final and needs no fresh evidence. Pass is latched until the mean is seen to fall, but nobody is promoted on
 * evidence that is out of sight. `problem` says why the evidence cannot be read at this look, if it cannot.
 */
export function winRateVerdict({ spec }: WinRateTest, state: WinRateState, problem?: string): Verdict {
  if (state.failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  if (isShifting(state)) return "Shifting";
  return state.passedAt && state.samples >= (spec.minSamples ?? 0) ? "Pass" : "Undecided";
}

/**
 * With `NoBreach` a Pass promises no evidence of more violations than the limit, after enough checks, and not that the
 * rate is under the limit; with `ProvenBelow` it promises that. It is never latched: one violation more can take it back.
 */
export function safetyVerdict(test: SafetyTest, state: SafetyState, problem?: string): Verdict {
  if (state.failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return ofLastTry(state).checked >= test.spec.minChecked && isSafe(test, state) ? "Pass" : "Undecided";
}

function isSafe({ spec, breach, proof, logProofThreshold }: SafetyTest, state: SafetyState): boolean {
  if (spec.require === "ProvenBelow") return logEvidence(proof, state.checked, state.violations) >= logProofThreshold;
  const { checked, violations } = ofLastTry(state);
  return logEvidence(breach, checked, violations) <= 0;
}

/**
 * From the one that outranks all others to the one that all others outrank.
 * - Fail first: a rollback waits for nothing, and evidence that is doubted is no reason to go on.
 * - Mismatch before NoData and Shifting: the evidence itself is wrong, so that what it says, and whether more of it
 *   comes, does not matter until a person has looked. The other two mend themselves.
 * - NoData before Shifting: what cannot be seen may have changed again.
 * - Shifting before Undecided: both wait, but one of them has a reason to be looked into.
 * - Pass last: only when every gate passes do they pass.
 */
const RANK: readonly Verdict[] = ["Fail", "Mismatch", "NoData", "Shifting", "Undecided", "Pass"];

/** The verdict of all gates together. Without a gate there is nothing that could fail. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  return RANK.find((verdict) => verdicts.includes(verdict)) ?? "Pass";
}
