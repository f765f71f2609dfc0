import type { Assessment } from "./assess.ts";
import { unreadable } from "./explain.ts";
import { formatCount, formatEvidence, formatInterval, formatNeeded, formatRate } from "./figures.ts";
import { anytimeInterval } from "./interval.ts";
import type { MetricSpec, MetricState, MetricTest } from "./metric.ts";
import { type Evidence, logEvidence } from "./mixture.ts";
import type { Tally } from "./tally.ts";
import type { Verdict } from "./verdict.ts";

/** The error rate that the user bought. */
export function metricPromise({ maxBreaches, minSamples, falseRollback, ...bounds }: MetricSpec): string {
  return (
    `A model whose samples are ${boundWords(bounds)}, but for ${formatRate(maxBreaches)} of them or fewer, is rolled back with ` +
    `at most ${formatRate(falseRollback)} probability; Pass says that ${minSamples} or more samples gave no evidence of more breaches.`
  );
}

/** `estimate` and `interval` are about the share of breaches. `problem`: why there are no samples at this look. */
export function assessMetric(test: MetricTest, state: MetricState, problem?: string): Assessment {
  const { samples, sum } = state.tally;
  const rollback = { log: logEvidence(test.breach, samples, sum), logThreshold: test.logThreshold };
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

/** A guard: Pass after its minimum of samples when nothing speaks of more breaches than accepted. It is never latched. */
function verdictOf(test: MetricTest, state: MetricState, { log }: Evidence, problem: string | undefined): Verdict {
  if (state.failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return state.tally.samples >= test.spec.minSamples && log <= 0 ? "Pass" : "Undecided";
}

function explain(
  { spec }: MetricTest,
  { tally, last, failedAt }: MetricState,
  rollback: Evidence,
  problem: string | undefined,
): string {
  const accepted = formatRate(spec.maxBreaches);
  const newest = last === undefined ? "" : `; the newest is ${valuesOf(last)}`;
  if (failedAt) {
    const reached = `evidence of more than ${accepted} reached ${formatNeeded(rollback)} at sample ${failedAt.samples}`;
    return `${breaches(spec, failedAt)}: ${reached}${newest}`;
  }
  const missing = spec.minSamples - tally.samples;
  const more = missing > 0 ? `; ${formatCount(missing, "more sample")} needed to pass` : "";
  const now =
    `${breaches(spec, tally)}; up to ${accepted} may break it${newest}${more}; ` +
    `rollback needs ${formatNeeded(rollback)} of evidence, has ${formatEvidence(rollback.log)}, pass allows 1`;
  return problem === undefined ? now : unreadable("samples", problem, now);
}

function breaches(spec: MetricSpec, { samples, sum }: Tally): string {
  if (samples === 0) return `no sample yet; the bound is ${boundWords(spec)}`;
  const interval = formatInterval(anytimeInterval(samples, sum));
  return `${sum} of ${formatCount(samples, "sample")} break the bound, ${boundWords(spec)} (interval ${interval})`;
}

/** "at most 0.8", "at least 0.5 times stable's", "from 1 to 2" */
function boundWords({ min, max, against }: Pick<MetricSpec, "min" | "max" | "against">): string {
  const times = against === "Stable" ? " times stable's" : "";
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}${times}`;
  return min === undefined ? `at most ${max}${times}` : `at least ${min}${times}`;
}

function valuesOf({ value, stable }: NonNullable<MetricState["last"]>): string {
  const digits = (number: number) => `${Number(number.toPrecision(4))}`;
  return stable === undefined ? digits(value) : `${digits(value)}, stable's ${digits(stable)}`;
}
