import { reaches } from "./mixture.ts";
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
}

/** One record that counts: its number in the collector's order, and 0 (against the candidate), 1 (for it) or between. */
export interface Bet {
  readonly sequence: number;
  readonly outcome: number;
}

export const emptyWinRate: WinRateState = nothing;

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
  const { rollbackFrom } = state;
  const samples = state.samples + 1;
  const sum = state.sum + bet.outcome;
  const here = { sequence: bet.sequence, samples, sum };
  const passedAt = state.passedAt ?? (isGood(test, here) ? here : undefined);
  const failedAt = state.failedAt ?? (isBad(test, { ...state, samples, sum }) ? here : undefined);
  return {
    samples,
    sum,
    ...(passedAt && { passedAt }),
    ...(failedAt && { failedAt }),
    ...(rollbackFrom && { rollbackFrom }),
  };
}

function isGood({ spec, promotion, logPromotionThreshold }: WinRateTest, { samples, sum }: Tally): boolean {
  const { maxSamples = Number.POSITIVE_INFINITY } = spec;
  return samples <= maxSamples && reaches(promotion, samples, sum, logPromotionThreshold);
}

function isBad({ rollback, logRollbackThreshold }: WinRateTest, state: WinRateState): boolean {
  const { samples, sum } = sinceRetry(state);
  return reaches(rollback, samples, sum, logRollbackThreshold);
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
export function retryWinRate({ samples, sum, passedAt }: WinRateState): WinRateState {
  return { samples, sum, ...(passedAt && { passedAt }), rollbackFrom: { samples, sum } };
}
