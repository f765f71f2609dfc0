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
 * `Pass` promises no evidence of more violations than the limit, after enough checks; it does not promise that the
 * rate is under the limit. It is never latched: one violation more can take it back.
 */
export function safetyVerdict(test: SafetyTest, state: SafetyState, problem?: string): Verdict {
  if (state.failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  if (state.checked < test.spec.minChecked) return "Undecided";
  return logEvidence(test.breach, state.checked, state.violations) <= 0 ? "Pass" : "Undecided";
}

/** The verdict of all gates together: one Fail fails, and only when every gate passes do they pass. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("Fail")) return "Fail";
  if (verdicts.includes("NoData")) return "NoData";
  return verdicts.every((verdict) => verdict === "Pass") ? "Pass" : "Undecided";
}
