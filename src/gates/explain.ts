import { formatCount, formatEvidence, formatInterval, formatNeeded, formatRate } from "./figures.ts";
import { anytimeInterval } from "./interval.ts";
import type { Evidence } from "./mixture.ts";
import {
  cleanChecksToProve,
  minimumChecksToProve,
  ofLastTry,
  SAFETY_FALSE_PROOF,
  SAFETY_FALSE_ROLLBACK,
  type SafetySpec,
  type SafetyState,
  type SafetyTest,
} from "./safety.ts";
import { settledAt } from "./shifting.ts";
import { type Crossing, since, type Tally } from "./tally.ts";
import type { WinRateSpec, WinRateTest } from "./two-thresholds.ts";
import { isExhausted, isShifting, type WinRateState } from "./win-rate.ts";
import type { Wording } from "./wording.ts";

export { formatInterval } from "./figures.ts";

/** The error rates that the user bought, in the two sentences that `describe` prints. */
export function winRatePromises({ min, target, falsePromotion, falseRollback }: WinRateSpec): [string, string] {
  return [
    `A model at or under ${formatRate(min)} is promoted with at most ${formatRate(falsePromotion)} probability.`,
    `A model at or over ${formatRate(target)} is rolled back with at most ${formatRate(falseRollback)} probability.`,
  ];
}

export function safetyPromise({ maxViolationRate: limit, minChecked, require }: SafetySpec): string {
  const rollback =
    `A model with violations in at most ${formatRate(limit)} of its answers is rolled back with at most ` +
    `${formatRate(SAFETY_FALSE_ROLLBACK)} probability;`;
  if (require !== "ProvenBelow") {
    return `${rollback} Pass says that ${minChecked} or more checks gave no evidence of more, not that the rate is proven to be lower.`;
  }
  const least = minimumChecksToProve(limit, SAFETY_FALSE_PROOF);
  return `${rollback} one with as many or more passes with at most ${formatRate(SAFETY_FALSE_PROOF)} probability, for which ${least} clean checks are the least.`;
}

/** Why the gate says what it says, with the numbers that made it. `problem`: why its evidence cannot be read. */
export function explainWinRate(
  test: WinRateTest,
  state: WinRateState,
  { promote, rollback }: { promote: Evidence; rollback: Evidence },
  problem?: string,
): string {
  const { wording } = test;
  const { passedAt, failedAt } = state;
  const said = (tally: Tally) => agreed(wording, tally);
  if (failedAt) return `${said(failedAt)}: evidence for rollback reached ${reachedAt(rollback, failedAt)}`;
  const rollbackNow = `rollback needs ${formatNeeded(rollback)}, has ${formatEvidence(rollback.log)}`;
  const now = passedAt
    ? `${said(passedAt)}: evidence for promotion reached ${reachedAt(promote, passedAt)}; by now ${said(state)}, and ${rollbackNow}`
    : `${said(state)}; promotion needs ${formatNeeded(promote)} of evidence, has ${formatEvidence(promote.log)}; ${rollbackNow}`;
  const all = now + bounds(test, state) + changed(wording, state);
  return problem === undefined ? all : unreadable(`${wording.record}s`, problem, all);
}

/** What the change-point monitor found. */
function changed(wording: Wording, state: WinRateState): string {
  const change = state.shift?.change;
  if (change === undefined) return "";
  const { before, sequence, carried } = change;
  const wait = isShifting(state)
    ? `nothing passes before ${formatCount(settledAt(change), wording.record)}`
    : "it has settled since";
  return (
    `; the mean fell: ${agreed(wording, before)}, then ${agreed(wording, since(change, before))} up to the collector's ` +
    `number ${sequence}, where evidence for promotion went on from ${formatEvidence(carried)}; ${wait}`
  );
}

/** What the user's own limits of the sample do, where they do something. */
function bounds(test: WinRateTest, state: WinRateState): string {
  const { record } = test.wording;
  const { minSamples = 0, maxSamples = 0 } = test.spec;
  if (isExhausted(test, state))
    return `; the ${formatCount(maxSamples, record)} of maxSamples are used up without a verdict`;
  return state.samples < minSamples ? `; it can pass from ${formatCount(minSamples, record)} on (minSamples)` : "";
}

/** As {@link explainWinRate}, for the safety gate. */
export function explainSafety(
  test: SafetyTest,
  state: SafetyState,
  { promote, rollback }: { promote?: Evidence; rollback: Evidence },
  problem?: string,
): string {
  const { failedAt } = state;
  const limit = formatRate(test.spec.maxViolationRate);
  if (failedAt)
    return `${violated(failedAt)}: evidence of more than ${limit} reached ${formatNeeded(rollback)} at the collector's number ${failedAt.sequence}`;
  const tried = ofLastTry(state);
  const missing = test.spec.minChecked - tried.checked;
  const checks = missing > 0 ? `; ${missing} more checks are needed to pass` : "";
  const proof = promote ? `; ${proving(test, state, promote)}` : "";
  const now =
    `${violated(tried)}, limit ${limit}${checks}${proof}; ` +
    `rollback needs ${formatNeeded(rollback)} of evidence, has ${formatEvidence(rollback.log)}` +
    (promote ? "" : ", pass allows 1");
  return problem === undefined ? now : unreadable("checks", problem, now);
}

function proving(test: SafetyTest, state: SafetyState, proof: Evidence): string {
  const missing = cleanChecksToProve(test, state);
  const wait = missing > 0 ? `: ${missing} more without a violation would do` : "";
  const all = state.rollbackFrom && ` of ${violated(state)} over all tries`;
  return `proof of less needs ${formatNeeded(proof)} of evidence, has ${formatEvidence(proof.log)}${all ?? ""}${wait}`;
}

export function unreadable(what: string, problem: string, lastKnown: string): string {
  return `the ${what} cannot be read (${problem}), so nothing is promoted on them; last known: ${lastKnown}`;
}

function agreed({ record, agree }: Wording, { samples, sum }: Tally): string {
  if (samples === 0) return `no ${record} yet`;
  const interval = formatInterval(anytimeInterval(samples, sum));
  return `${formatRate(sum / samples)} of ${formatCount(samples, record)} ${agree} (interval ${interval})`;
}

function reachedAt(evidence: Evidence, { sequence }: Crossing): string {
  return `${formatNeeded(evidence)} at the collector's number ${sequence}`;
}

function violated({ checked, violations }: { checked: number; violations: number }): string {
  if (checked === 0) return "no answer checked yet";
  const interval = formatInterval(anytimeInterval(checked, violations));
  return `${formatCount(violations, "violation")} in ${formatCount(checked, "checked answer")} (interval ${interval})`;
}
