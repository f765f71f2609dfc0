import type { Assessment } from "./assess.ts";
import {
  altogether,
  type CohortsSpec,
  type CohortsState,
  type CohortsTest,
  harmEvidence,
  logsOf,
  tallyOf,
} from "./cohorts.ts";
import { unreadable } from "./explain.ts";
import { formatCount, formatEvidence, formatInterval, formatNeeded, formatRate } from "./figures.ts";
import { anytimeInterval } from "./interval.ts";
import type { Evidence } from "./mixture.ts";
import type { Verdict } from "./verdict.ts";

/** The error rate that the user bought. */
export function cohortsPromise({ cohorts, min, minSamples, falseRollback }: CohortsSpec): string {
  const all = cohorts.length === 1 ? "the cohort" : `all of ${cohorts.length} cohorts`;
  return (
    `A model at or over ${formatRate(min)} in ${all} is rolled back with at most ${formatRate(falseRollback)} probability; ` +
    `Pass says that ${minSamples} or more comparisons of each gave no evidence of less.`
  );
}

/**
 * `estimate` and `interval` are about all cohorts together. `problem`: why the comparisons cannot be read at this look,
 * if they cannot.
 */
export function assessCohorts(test: CohortsTest, state: CohortsState, problem?: string): Assessment {
  const { samples, sum } = altogether(state);
  const rollback = { log: harmEvidence(test, state), logThreshold: test.logThreshold };
  return {
    verdict: verdictOf(test, state, rollback, problem),
    samples,
    sum,
    ...(samples > 0 && { estimate: sum / samples }),
    interval: anytimeInterval(samples, sum),
    evidence: { rollback },
    message: explain(test, state, rollback, problem),
  };
}

/** A guard: Pass when every cohort has its minimum and nothing speaks of harm. It is never latched. */
function verdictOf(test: CohortsTest, state: CohortsState, { log }: Evidence, problem: string | undefined): Verdict {
  if (state.failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return scarce(test, state).length === 0 && log <= 0 ? "Pass" : "Undecided";
}

function scarce({ spec }: CohortsTest, state: CohortsState): string[] {
  return spec.cohorts.filter((cohort) => tallyOf(state, cohort).samples < spec.minSamples);
}

function explain(test: CohortsTest, state: CohortsState, rollback: Evidence, problem: string | undefined): string {
  const { failedAt } = state;
  const floor = formatRate(test.spec.min);
  if (failedAt) {
    const { cohorts, sequence } = failedAt;
    const who = cohorts.length > 0 ? cohorts.join(", ") : "some cohort that cannot be named";
    return `${who} under ${floor}: evidence of harm reached ${formatNeeded(rollback)} at the collector's number ${sequence}; by now ${worst(test, state)}`;
  }
  const missing = scarce(test, state).map((cohort) => {
    const more = test.spec.minSamples - tallyOf(state, cohort).samples;
    return `${formatCount(more, "more comparison")} of ${cohort}`;
  });
  const now = [
    `no cohort may be under ${floor}: ${worst(test, state)}`,
    ...(missing.length > 0 ? [`to pass it needs ${missing.join(", ")}`] : []),
    `rollback needs ${formatNeeded(rollback)} of evidence over ${formatCount(test.spec.cohorts.length, "cohort")}, has ${formatEvidence(rollback.log)}, pass allows 1`,
    ...(state.unknown > 0 ? [`${formatCount(state.unknown, "comparison")} of no declared cohort left out`] : []),
  ].join("; ");
  return problem === undefined ? now : unreadable("comparisons", problem, now);
}

/** The cohort that has most against it. */
function worst(test: CohortsTest, state: CohortsState): string {
  const logs = logsOf(test, state);
  const most = Math.max(...logs);
  const cohort = test.spec.cohorts[logs.indexOf(most)] ?? "";
  const { samples, sum } = tallyOf(state, cohort);
  if (samples === 0) return "nothing is against any yet";
  const interval = formatInterval(anytimeInterval(samples, sum));
  const standing = most > 0 ? "most is against" : "nearest to it is";
  return `${standing} ${cohort}: ${formatRate(sum / samples)} of ${formatCount(samples, test.wording.record)} ${test.wording.agree} (interval ${interval})`;
}
