import { emptyWinRate, foldWinRate, type WinRateState, type WinRateTest } from "../../gates/win-rate.ts";

export type ReplayVerdict = "Pass" | "Fail" | "Undecided";

export const UNDECIDED: WinRateState = emptyWinRate;

/**
 * The gate's state after one more outcome, up to its decision: the first of the two crossings, with which a run that has
 * no other gate and no step to wait for ends. What comes later is not looked at.
 */
export function follow(test: WinRateTest, state: WinRateState, outcome: number): WinRateState {
  if (verdictOf(state) !== "Undecided") return state;
  return foldWinRate(test, state, { sequence: state.samples + 1, outcome });
}

export function verdictOf({ passedAt, failedAt }: WinRateState): ReplayVerdict {
  if (failedAt !== undefined) return "Fail";
  return passedAt === undefined ? "Undecided" : "Pass";
}
