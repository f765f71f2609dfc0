import type { Statement } from "./assess.ts";
import { type CalibrationSpec, type CalibrationState, type CalibrationTest, calibrationError } from "./calibration.ts";
import { unreadable } from "./explain.ts";
import { formatCount, formatInterval, formatRate } from "./figures.ts";
import { INTERVAL_ERROR } from "./interval.ts";
import type { Tally } from "./tally.ts";
import type { Verdict } from "./verdict.ts";

export function calibrationPromise({ maxError }: CalibrationSpec): string {
  return (
    `A model whose margins miss the raters by more than ${formatRate(maxError)} on average passes with at most ` +
    `${formatRate(INTERVAL_ERROR)} probability, and one that misses them by less fails with at most as much.`
  );
}

/** `estimate` is the expected calibration error. `problem`: why the comparisons cannot be read at this look. */
export function assessCalibration(test: CalibrationTest, state: CalibrationState, problem?: string): Statement {
  const { samples, sum, interval } = calibrationError(state);
  return {
    verdict: verdictOf(state, problem),
    samples,
    sum,
    ...(samples > 0 && { estimate: sum / samples }),
    interval,
    message: explain(test.spec, state, problem),
  };
}

function verdictOf({ passedAt, failedAt }: CalibrationState, problem: string | undefined): Verdict {
  if (failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return passedAt ? "Pass" : "Undecided";
}

function explain({ maxError }: CalibrationSpec, state: CalibrationState, problem: string | undefined): string {
  const { failedAt, passedAt } = state;
  const { samples, sum, surplus, interval } = calibrationError(state);
  const limit = `limit ${formatRate(maxError)}`;
  if (failedAt)
    return `${missed(failedAt)}, shown to be over the ${limit} at the collector's number ${failedAt.sequence}`;
  const range = samples === 0 ? "" : ` (interval ${formatInterval(interval)})`;
  const lean = surplus === 0 ? "" : `; it is ${surplus < 0 ? "too sure" : "not sure enough"}`;
  const now = passedAt
    ? `${missed(passedAt)}, shown to be within the ${limit} at the collector's number ${passedAt.sequence}; by now ${missed({ samples, sum })}${range}`
    : `${missed({ samples, sum })}${range}, ${limit}${lean}`;
  return problem === undefined ? now : unreadable("comparisons", problem, now);
}

function missed({ samples, sum }: Tally): string {
  if (samples === 0) return "no comparison with the model's margin yet";
  return `the model's margins miss the raters by ${formatRate(sum / samples)} on average over ${formatCount(samples, "comparison")}`;
}
