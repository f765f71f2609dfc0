import { logEvidence, reaches } from "./mixture.ts";
import { emptyShift, isChange, type ShiftState, settledAt, watch } from "./shifting.ts";
import { type Crossing, nothing, since, type Tally } from "./tally.ts";
import type { WinRateTest } from "./two-thresholds.ts";

export type { Crossing as WinRateCrossing } from "./tally.ts";
export { notWorse, type WinRateSpec, type WinRateTest, winRateTest } from "./two-thresholds.ts";

/** Everything a run has to remember: after a restart the test goes on from this alone. */
export interface WinRateState extends Tally {
  /** When promotion's evidence first reached its threshold. Latched; rollback's evidence runs on all the same. */
  readonly passedAt?: Crossing;
  /** When rollback's evidence first reached its threshold. Final. */
  readonly failedAt?: Crossing;
  /** What was folded before the last retry: rollback's evidence is counted from here, promotion's from the beginning. */
  readonly rollbackFrom?: Tally;
  /** Of the change-point monitor; absent where the stream is not watched. */
  readonly shift?: ShiftState;
}

/** One record that counts: its number in the collector's order, and 0 (against the candidate), 1 (for it) or between. */
export interface Bet {
  readonly sequence: number;
  readonly outcome: number;
}

export const emptyWinRate: WinRateState = nothing;

/** As {@link emptyWinRate}, with the change-point monitor on. */
export const emptyWatchedWinRate: WinRateState = { ...nothing, shift: emptyShift };

/**
 * The state after one more bet. The first crossing of each threshold is latched, so the verdict does not depend on how
 * the bets were batched.
 * @throws RangeError when the outcome is not between 0 and 1.
 */
export function foldWinRate(test: WinRateTest, state: WinRateState, bet: Bet): WinRateState {
  if (!(bet.outcome >= 0 && bet.outcome <= 1)) {
    const record = `${test.wording.record} ${bet.sequence}`;
    throw new RangeError(`${record} has the outcome ${bet.outcome}, which is not between 0 and 1`);
  }
  const samples = state.samples + 1;
  const sum = state.sum + bet.outcome;
  // What is folded anew may be other than it was, as after a restore of the collector: the count is what stays.
  const isFrom = state.rollbackFrom?.samples === samples;
  const now = { ...state, samples, sum, ...(isFrom && { rollbackFrom: { samples, sum } }) };
  const here = { sequence: bet.sequence, samples, sum };
  const passedAt = state.passedAt ?? (isGood(test, now) ? here : undefined);
  const failedAt = state.failedAt ?? (isBad(test, now) ? here : undefined);
  const next = { ...now, ...(passedAt && { passedAt }), ...(failedAt && { failedAt }) };
  return state.shift ? watched(test, next, state.shift, here) : next;
}

/**
 * At a change the Pass goes, and promotion's evidence goes on from min(1, its value): old good evidence is dropped, old
 * bad evidence stays. What is given up makes no e-process of it less, so that it remains the one that falsePromotion was
 * promised for, however often that happens.
 */
function watched(test: WinRateTest, state: WinRateState, shift: ShiftState, here: Crossing): WinRateState {
  const { passedAt, ...unpassed } = state;
  if (!passedAt || !isChange(test.rollback, shift, here)) return { ...state, shift: watch(test.spec, shift, here) };
  const change = { ...here, before: shift.best, carried: Math.min(0, promotionEvidence(test, state)) };
  return { ...unpassed, shift: { best: { samples: here.samples, sum: here.sum }, change } };
}

function isGood(test: WinRateTest, state: WinRateState): boolean {
  const { promotion, logPromotionThreshold } = test;
  const { maxSamples = Number.POSITIVE_INFINITY } = test.spec;
  const { samples, sum, carried } = sinceChange(state);
  return state.samples <= maxSamples && reaches(promotion, samples, sum, logPromotionThreshold - carried);
}

function isBad({ rollback, logRollbackThreshold }: WinRateTest, state: WinRateState): boolean {
  const { samples, sum } = sinceRetry(state);
  return reaches(rollback, samples, sum, logRollbackThreshold);
}

/** The logarithm of the evidence for promotion. */
export function promotionEvidence({ promotion }: WinRateTest, state: WinRateState): number {
  const { samples, sum, carried } = sinceChange(state);
  return carried + logEvidence(promotion, samples, sum);
}

/** What promotion's evidence is about, and the logarithm of what it goes on from: everything since the last change. */
export function sinceChange(state: WinRateState): Tally & { readonly carried: number } {
  const change = state.shift?.change;
  return { ...since(state, change), carried: change?.carried ?? 0 };
}

/** A change was found, and it is too early to say that it was the last. */
export function isShifting({ samples, shift }: WinRateState): boolean {
  return shift?.change !== undefined && samples < settledAt(shift.change);
}

/** The fewest bets that can pass: with each of them won, the evidence grows with their number. */
export function fewestToPass({ promotion, logPromotionThreshold }: WinRateTest): number {
  let bets = 1;
  while (!reaches(promotion, bets, bets, logPromotionThreshold)) bets *= 2;
  for (let without = bets / 2; bets - without > 1; ) {
    const tried = Math.ceil((without + bets) / 2);
    if (reaches(promotion, tried, tried, logPromotionThreshold)) bets = tried;
    else without = tried;
  }
  return bets;
}

/** All the bets that the user allowed are made, and they decided nothing. */
export function isExhausted({ spec: { maxSamples } }: WinRateTest, { samples, passedAt, failedAt }: WinRateState) {
  return maxSamples !== undefined && samples >= maxSamples && passedAt === undefined && failedAt === undefined;
}

/** What rollback's evidence is about: everything since the last retry; nothing, while what came before is folded anew. */
export function sinceRetry(state: WinRateState): Tally {
  return state.samples <= (state.rollbackFrom?.samples ?? 0) ? nothing : since(state, state.rollbackFrom);
}

/**
 * The state of a candidate that is tried again. Only rollback's evidence starts anew, so falseRollback holds for each
 * try; promotion's goes on, since starting it anew would spend falsePromotion once more with every try.
 */
export function retryWinRate({ failedAt: _lifted, ...state }: WinRateState): WinRateState {
  // Folded anew, and it is known already that rollback's evidence begins later than here.
  if ((state.rollbackFrom?.samples ?? 0) > state.samples) return state;
  return { ...state, rollbackFrom: { samples: state.samples, sum: state.sum } };
}
