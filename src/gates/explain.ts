import { formatPercent } from "../api/v1alpha1/quantity.ts";
import { anytimeInterval, type Interval } from "./interval.ts";
import type { Evidence } from "./mixture.ts";
import { SAFETY_FALSE_ROLLBACK, type SafetySpec, type SafetyState } from "./safety.ts";
import type { WinRateSpec, WinRateState } from "./win-rate.ts";

/** The error rates that the user bought, in the two sentences that `describe` prints. */
export function winRatePromises({ min, target, falsePromotion, falseRollback }: WinRateSpec): [string, string] {
  return [
    `A model at or under ${rate(min)} is promoted with at most ${rate(falsePromotion)} probability.`,
    `A model at or over ${rate(target)} is rolled back with at most ${rate(falseRollback)} probability.`,
  ];
}

export function safetyPromise({ maxViolationRate, minChecked }: SafetySpec): string {
  return (
    `A model with violations in at most ${rate(maxViolationRate)} of its answers is rolled back with at most ` +
    `${rate(SAFETY_FALSE_ROLLBACK)} probability; Pass says that ${minChecked} or more checks gave no evidence of more, ` +
    "not that the rate is proven to be lower."
  );
}

/** Why the gate says what it says, with the numbers that made it. `problem`: why the comparisons cannot be read. */
export function explainWinRate(
  state: WinRateState,
  { promote, rollback }: { promote: Evidence; rollback: Evidence },
  problem?: string,
): string {
  const { passedAt, failedAt } = state;
  if (failedAt) {
    return `${preferred(failedAt)}: evidence for rollback reached ${needed(rollback)} at the collector's number ${failedAt.sequence}`;
  }
  const rollbackNow = `rollback needs ${needed(rollback)}, has ${formatEvidence(rollback.log)}`;
  const now = passedAt
    ? `${preferred(passedAt)}: evidence for promotion reached ${needed(promote)} at the collector's number ${passedAt.sequence}; ` +
      `by now ${preferred(state)}, and ${rollbackNow}`
    : `${preferred(state)}; promotion needs ${needed(promote)} of evidence, has ${formatEvidence(promote.log)}; ${rollbackNow}`;
  return problem === undefined ? now : unreadable("comparisons", problem, now);
}

/** As {@link explainWinRate}, for the safety gate. */
export function explainSafety(spec: SafetySpec, state: SafetyState, rollback: Evidence, problem?: string): string {
  const { failedAt } = state;
  if (failedAt)
    return `${violated(failedAt)}: evidence of more than ${rate(spec.maxViolationRate)} reached ${needed(rollback)} at the collector's number ${failedAt.sequence}`;
  const missing = spec.minChecked - state.checked;
  const checks = missing > 0 ? `; ${missing} more checks are needed to pass` : "";
  const now =
    `${violated(state)}, limit ${rate(spec.maxViolationRate)}${checks}; ` +
    `rollback needs ${needed(rollback)} of evidence, has ${formatEvidence(rollback.log)}, pass allows 1`;
  return problem === undefined ? now : unreadable("checks", problem, now);
}

function unreadable(what: string, problem: string, lastKnown: string): string {
  return `the ${what} cannot be read (${problem}), so nothing is promoted on them; last known: ${lastKnown}`;
}

function preferred({ samples, sum }: { samples: number; sum: number }): string {
  if (samples === 0) return "no comparison yet";
  const interval = formatInterval(anytimeInterval(samples, sum));
  return `${rate(sum / samples)} of ${count(samples, "comparison")} preferred the candidate (interval ${interval})`;
}

function violated({ checked, violations }: { checked: number; violations: number }): string {
  if (checked === 0) return "no answer checked yet";
  const interval = formatInterval(anytimeInterval(checked, violations));
  return `${count(violations, "violation")} in ${count(checked, "checked answer")} (interval ${interval})`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

/** Whole tenths of a percent, and more digits for the small rates that safety is about. */
function rate(fraction: number): string {
  return formatPercent(fraction, fraction < 0.01 ? 4 : 1);
}

/** "62-72%": two digits of its width, rounded outwards, so that what is printed is still an interval. */
export function formatInterval({ low, high }: Interval): string {
  const digits = Math.max(0, Math.ceil(-Math.log10(high - low)) - 1);
  const scale = 10 ** digits * 100;
  return `${Math.floor(low * scale) / (scale / 100)}-${Math.ceil(high * scale) / (scale / 100)}%`;
}

/**
 * The evidence itself from its natural logarithm: 1 is none, and it must grow to 20 for an error of 5%. Rounded down,
 * so that what reads as enough is enough.
 */
export function formatEvidence(log: number): string {
  const evidence = Math.exp(log);
  if (evidence < 0.01) return "under 0.01";
  if (evidence >= 1000) return "over 1000";
  const scale = evidence < 1 ? 100 : evidence < 100 ? 10 : 1;
  const rounding = 1e-9;
  return `${Math.floor(evidence * scale + rounding) / scale}`;
}

function needed({ logThreshold }: Evidence): string {
  return `${Number(Math.exp(logThreshold).toPrecision(3))}`;
}
