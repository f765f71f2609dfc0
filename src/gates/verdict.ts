import { logEvidence } from "./mixture.ts";
import type { SafetyState, SafetyTest } from "./safety.ts";
import type { WinRateState } from "./win-rate.ts";

/** What a gate says about the candidate. `NoData`: its evidence cannot be read, which is never taken for good news. */
export type Verdict = "Pass" | "Fail" | "Undecided" | "NoData";

/** Whether the evidence up to now could be read at this look. What was folded before stays folded. */
export type EvidenceAccess = "Readable" | "Unreadable";

/** Fail is final and needs no fresh evidence. Pass is latched, but nobody is promoted on evidence that is out of sight. */
export function winRateVerdict(state: WinRateState, access: EvidenceAccess): Verdict {
  if (state.failedAt !== undefined) return "Fail";
  if (access === "Unreadable") return "NoData";
  return state.passedAt === undefined ? "Undecided" : "Pass";
}

/**
 * `Pass` promises no evidence of more violations than the limit, after enough checks; it does not promise that the
 * rate is under the limit. It is never latched: one violation more can take it back.
 */
export function safetyVerdict(test: SafetyTest, state: SafetyState, access: EvidenceAccess): Verdict {
  if (state.failedAt !== undefined) return "Fail";
  if (access === "Unreadable") return "NoData";
  if (state.checked < test.spec.minChecked) return "Undecided";
  return logEvidence(test.breach, state.checked, state.violations) <= 0 ? "Pass" : "Undecided";
}

/** The verdict of all gates together: one Fail fails, and only all of them pass. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes("Fail")) return "Fail";
  if (verdicts.includes("NoData")) return "NoData";
  return verdicts.every((verdict) => verdict === "Pass") ? "Pass" : "Undecided";
}
