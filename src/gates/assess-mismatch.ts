import type { Statement } from "./assess.ts";
import { unreadable } from "./explain.ts";
import { formatEvidence, formatNeeded, formatRate } from "./figures.ts";
import { anytimeInterval } from "./interval.ts";
import type { MismatchSpec, MismatchState, MismatchTest } from "./mismatch.ts";
import type { Evidence } from "./mixture.ts";
import type { Tally } from "./tally.ts";
import type { Verdict } from "./verdict.ts";

export interface MismatchStatement extends Statement {
  readonly evidence: { readonly mismatch: Evidence };
}

export function mismatchPromise({ falseAlarm }: MismatchSpec): string {
  return `Arms that get what their weights say are called mismatched with at most ${formatRate(falseAlarm)} probability.`;
}

/**
 * `estimate` and `interval` are about the candidate's share of what arrived. `what`: its plural, such as "requests".
 * `problem`: why it cannot be read at this look, if it cannot.
 */
export function assessMismatch(
  test: MismatchTest,
  state: MismatchState,
  what: string,
  problem?: string,
): MismatchStatement {
  const { samples, sum } = state;
  const mismatch = { log: state.log, logThreshold: test.logThreshold };
  return {
    verdict: verdictOf(test, state, problem),
    samples,
    sum,
    ...(samples > 0 && { estimate: sum / samples }),
    interval: anytimeInterval(samples, sum),
    evidence: { mismatch },
    message: explain(test, state, mismatch, what, problem),
  };
}

/** Final, like a Fail: what was counted wrongly does not become right by more of it. */
function verdictOf({ spec }: MismatchTest, state: MismatchState, problem: string | undefined): Verdict {
  if (state.mismatchedAt) return "Mismatch";
  if (problem !== undefined) return "NoData";
  return state.samples >= spec.minSamples ? "Pass" : "Undecided";
}

function explain(
  { spec }: MismatchTest,
  state: MismatchState,
  mismatch: Evidence,
  what: string,
  problem: string | undefined,
): string {
  const { mismatchedAt } = state;
  if (mismatchedAt) {
    return (
      `${split(mismatchedAt, what)}: evidence of a mismatch reached ${formatNeeded(mismatch)} at the collector's number ` +
      `${mismatchedAt.sequence}, so the evidence of this run is not trusted`
    );
  }
  const missing = spec.minSamples - state.samples;
  const wait = missing > 0 ? `; ${missing} more are needed to pass` : "";
  const now = `${split(state, what)}${wait}; a mismatch needs ${formatNeeded(mismatch)} of evidence, has ${formatEvidence(mismatch.log)}`;
  return problem === undefined ? now : unreadable(what, problem, now);
}

function split({ samples, sum, expected }: Tally & { readonly expected?: number }, what: string): string {
  if (samples === 0) return `no ${what} yet`;
  const got = `the candidate got ${sum} of ${samples} ${what}`;
  return expected === undefined ? got : `${got}, the weights say ${Number(expected.toFixed(1))}`;
}
