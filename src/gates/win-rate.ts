import { type Alternative, type Mixture, mixtureAgainst, reaches } from "./mixture.ts";

/** All fractions: 0 < min < target < 1, error rates strictly between 0 and 1. */
export interface WinRateSpec {
  /** A candidate whose win rate is at or under this is promoted with at most the probability `falsePromotion`. */
  readonly min: number;
  /** A candidate whose win rate is at or over this is rolled back with at most the probability `falseRollback`. */
  readonly target: number;
  readonly falsePromotion: number;
  readonly falseRollback: number;
}

/** Everything a run has to remember: after a restart the test goes on from this alone. */
export interface WinRateState {
  /** Bets folded so far. */
  readonly samples: number;
  /** Sum of their outcomes. */
  readonly sum: number;
  /** When promotion's evidence first reached its threshold. Latched; rollback's evidence runs on all the same. */
  readonly passedAt?: WinRateCrossing;
  /** When rollback's evidence first reached its threshold. Final. */
  readonly failedAt?: WinRateCrossing;
  /** What was folded before the last retry: rollback's evidence is counted from here, promotion's from the beginning. */
  readonly rollbackFrom?: Tally;
}

/** A number of bets and the sum of their outcomes. */
export interface Tally {
  readonly samples: number;
  readonly sum: number;
}

/** The bet that decided, and the numbers that it decided by. */
export interface WinRateCrossing extends Tally {
  readonly sequence: number;
}

/** One comparison that counts: its number in the collector's order, and 0 (stable won), 1 (candidate won) or between. */
export interface Bet {
  readonly sequence: number;
  readonly outcome: number;
}

/** A spec made ready for folding: the logarithms are taken once. */
export interface WinRateTest {
  readonly spec: WinRateSpec;
  /** Evidence against "mean <= min". */
  readonly promotion: Mixture;
  /** Evidence against "mean >= target". */
  readonly rollback: Mixture;
  readonly logPromotionThreshold: number;
  readonly logRollbackThreshold: number;
}

export const emptyWinRate: WinRateState = { samples: 0, sum: 0 };

/** The likelihood ratio at the other threshold is what decides close cases; the grid makes clear cases short. */
const GRID_POINTS = 12;
const GRID_WEIGHT = 0.25;

/** @throws RangeError when the numbers cannot be a test. */
export function winRateTest(spec: WinRateSpec): WinRateTest {
  const { min, target, falsePromotion, falseRollback } = spec;
  if (!(0 < min && min < target && target < 1)) {
    throw new RangeError(`winRate needs 0 < min < target < 1, got min ${min} and target ${target}`);
  }
  for (const rate of [falsePromotion, falseRollback]) {
    if (!(0 < rate && rate < 1)) throw new RangeError(`winRate needs error rates between 0 and 1, got ${rate}`);
  }
  return {
    spec,
    promotion: mixtureAgainst(min, alternatives(target, target, 1)),
    rollback: mixtureAgainst(target, alternatives(min, 0, min)),
    logPromotionThreshold: -Math.log(falsePromotion),
    logRollbackThreshold: -Math.log(falseRollback),
  };
}

/** Three quarters on `main`, the rest spread evenly over the midpoints of equal cells between `from` and `to`. */
function alternatives(main: number, from: number, to: number): Alternative[] {
  const grid = Array.from({ length: GRID_POINTS }, (_, i) => ({
    mean: from + ((to - from) * (i + 0.5)) / GRID_POINTS,
    weight: GRID_WEIGHT / GRID_POINTS,
  }));
  return [{ mean: main, weight: 1 - GRID_WEIGHT }, ...grid];
}

/**
 * The state after one more bet. The first crossing of each threshold is latched, so the verdict does not depend on how
 * the bets were batched.
 * @throws RangeError when the outcome is not between 0 and 1.
 */
export function foldWinRate(test: WinRateTest, state: WinRateState, bet: Bet): WinRateState {
  if (!(bet.outcome >= 0 && bet.outcome <= 1)) {
    throw new RangeError(`comparison ${bet.sequence} has the outcome ${bet.outcome}, which is not between 0 and 1`);
  }
  const samples = state.samples + 1;
  const sum = state.sum + bet.outcome;
  const here = { sequence: bet.sequence, samples, sum };
  const { promotion, logPromotionThreshold, rollback, logRollbackThreshold } = test;
  const passedAt = state.passedAt ?? (reaches(promotion, samples, sum, logPromotionThreshold) ? here : undefined);
  const tried = sinceRetry({ ...state, samples, sum });
  const isBad = reaches(rollback, tried.samples, tried.sum, logRollbackThreshold);
  const failedAt = state.failedAt ?? (isBad ? here : undefined);
  const { rollbackFrom } = state;
  return {
    samples,
    sum,
    ...(passedAt && { passedAt }),
    ...(failedAt && { failedAt }),
    ...(rollbackFrom && { rollbackFrom }),
  };
}

/** What rollback's evidence is about: everything since the last retry; nothing, while what came before is folded anew. */
export function sinceRetry({ samples, sum, rollbackFrom }: WinRateState): Tally {
  if (samples <= (rollbackFrom?.samples ?? 0)) return { samples: 0, sum: 0 };
  return { samples: samples - (rollbackFrom?.samples ?? 0), sum: sum - (rollbackFrom?.sum ?? 0) };
}

/**
 * The state of a candidate that is tried again. Only rollback's evidence starts anew, so falseRollback holds for each
 * try; promotion's goes on, since starting it anew would spend falsePromotion once more with every try.
 */
export function retryWinRate({ samples, sum, passedAt }: WinRateState): WinRateState {
  return { samples, sum, ...(passedAt && { passedAt }), rollbackFrom: { samples, sum } };
}

/**
 * The numbers for a candidate that has stable's own digest (a new image, another setting): it is asked to be not
 * worse instead of better, over a region of the same width. Needs target - min < 1/2.
 */
export function notWorse(spec: WinRateSpec): WinRateSpec {
  return { ...spec, min: 0.5 - (spec.target - spec.min), target: 0.5 };
}
