import { logEvidence } from "./mixture.ts";
import type { SafetyState, SafetyTest } from "./safety.ts";
import type { WinRateTest } from "./two-thresholds.ts";
import type { WinRateState } from "./win-rate.ts";

/** What a gate says about the candidate. `NoData`: its evidence cannot be read, which is never taken for good news. */
export type Verdict = "Pass" | "Fail" | "Undecided" | "NoData";

/**
 * Fail is final and needs no fresh evidence. Pass is latched, but nobody is promoted on evidence that is out of sight.
 * `problem` says why the evidence cannot be read at this look, if it cannot.
 */
export function winRateVerdict({ spec }: WinRateTest, state: WinRateState, problem?: string): Verdict {
  if (state.failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return state.passedAt && state.samples >= (spec.minSamples ?? 0) ? "Pass" : "Undecided";
}

/**
 * With `NoBreach` a Pass promises no evidence of more violations than the limit, after enough checks, and not that the
 * rate is under the limit; with `ProvenBelow` it promises that. It is never latched: one violation more can take it back.
 */
export function safetyVerdict(test: SafetyTest, state: SafetyState, problem?: string): Verdict {
  if (state.failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return state.checked >= test.spec.minChecked && isSafe(test, state) ? "Pass" : "Undecided";
}

function isSafe({ spec, breach, proof, logProofThreshold }: SafetyTest, { checked, violations }: SafetyState): boolean {
  return spec.require === "ProvenBelow"
    ? logEvidence(proof, checked, violations) >= logProofThreshold
    : logEvidence(breach, checked, violations) <= 0;
}

/** The verdict of all gates together: one Fail fails, and only when every gate passes do they pass. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("Fail")) return "Fail";
  if (verdicts.includes("NoData")) return "NoData";
  return verdicts.every((verdict) => verdict === "Pass") ? "Pass" : "Undecided";
}
