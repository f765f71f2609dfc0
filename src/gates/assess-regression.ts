import type { Assessment } from "./assess.ts";
import { bernsteinInterval } from "./bernstein-interval.ts";
import { unreadable } from "./explain.ts";
import { formatCount, formatEvidence, formatNeeded, formatRate } from "./figures.ts";
import type { Interval } from "./interval.ts";
import type { Evidence } from "./mixture.ts";
import type { RegressionSpec, RegressionState, RegressionTest } from "./regression.ts";
import type { Crossing, Tally } from "./tally.ts";
import type { Verdict } from "./verdict.ts";

/** The error rates that the user bought, in two sentences. */
export function regressionPromises({ maxDrop, falsePromotion, falseRollback }: RegressionSpec): [string, string] {
  return [
    `A model whose ratings are ${points(maxDrop)} or more under stable's is promoted with at most ${formatRate(falsePromotion)} probability.`,
    `A model whose ratings are not under stable's is rolled back with at most ${formatRate(falseRollback)} probability.`,
  ];
}

/**
 * `estimate`, `sum` and `interval` are about the candidate's mean rating less stable's, from -1 to 1; `samples` are
 * pairs. `problem`: why the ratings cannot be read at this look, if they cannot.
 */
export function assessRegression(test: RegressionTest, state: RegressionState, problem?: string): Assessment {
  const { samples } = state.pairs;
  const sum = difference(state.pairs);
  const { low, high } = bernsteinInterval(state.bernstein);
  const interval = { low: 2 * low - 1, high: 2 * high - 1 };
  const evidence = {
    promote: { log: state.promotion, logThreshold: test.logPromotionThreshold },
    rollback: { log: state.rollback, logThreshold: test.logRollbackThreshold },
  };
  return {
    verdict: verdictOf(state, problem),
    samples,
    sum,
    ...(samples > 0 && { estimate: sum / samples }),
    interval,
    evidence,
    message: explain(test, state, interval, evidence, problem),
  };
}

function verdictOf({ passedAt, failedAt }: RegressionState, problem: string | undefined): Verdict {
  if (failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return passedAt ? "Pass" : "Undecided";
}

/** The sum of the pairs' differences: a pair's outcome is (1 + difference)/2. */
function difference({ samples, sum }: Tally): number {
  return 2 * sum - samples;
}

function explain(
  { spec }: RegressionTest,
  { pairs, passedAt, failedAt }: RegressionState,
  interval: Interval,
  { promote, rollback }: { promote: Evidence; rollback: Evidence },
  problem: string | undefined,
): string {
  if (failedAt) return `${compared(failedAt)}: evidence of a drop reached ${reachedAt(rollback, failedAt)}`;
  const range = pairs.samples === 0 ? "" : ` (interval ${signed(interval.low)} to ${signed(interval.high)} points)`;
  const rollbackNow = `rollback needs ${formatNeeded(rollback)}, has ${formatEvidence(rollback.log)}`;
  const limit = `limit ${points(spec.maxDrop)} under`;
  const now = passedAt
    ? `${compared(passedAt)}: evidence of less than ${points(spec.maxDrop)} under reached ${reachedAt(promote, passedAt)}; ` +
      `by now ${compared(pairs)}${range}, and ${rollbackNow}`
    : `${compared(pairs)}${range}, ${limit}; promotion needs ${formatNeeded(promote)} of evidence, has ${formatEvidence(promote.log)}; ${rollbackNow}`;
  return problem === undefined ? now : unreadable("ratings", problem, now);
}

function compared(pairs: Tally): string {
  if (pairs.samples === 0) return "no pair of ratings yet";
  const mean = difference(pairs) / pairs.samples;
  const side = mean < 0 ? "under" : "over";
  return `over ${formatCount(pairs.samples, "pair")} of ratings the candidate is ${points(Math.abs(mean))} ${side} stable`;
}

function reachedAt(evidence: Evidence, { sequence }: Crossing): string {
  return `${formatNeeded(evidence)} at the collector's number ${sequence}`;
}

function points(fraction: number): string {
  return `${signed(fraction)} points`;
}

function signed(fraction: number): string {
  return `${Number((fraction * 100).toFixed(1))}`;
}
