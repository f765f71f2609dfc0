import { type Alternative, logEvidence, type Mixture, mixtureAgainst } from "./mixture.ts";

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
  /** Sequence number of the bet at which promotion's evidence first reached its threshold. */
  readonly passedAt?: number;
  /** Sequence number of the bet at which rollback's evidence first reached its threshold. Final. */
  readonly failedAt?: number;
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

export const emptyWinRate = { samples: 0, sum: 0 } satisfies WinRateState;

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
 * The state after one more bet. The first crossing of each threshold is latched with its sequence number, so the
 * verdict does not depend on how the bets were batched.
 */
export function foldWinRate(test: WinRateTest, state: WinRateState, bet: Bet): WinRateState {
  if (!(bet.outcome >= 0 && bet.outcome <= 1)) {
    throw new RangeError(`comparison ${bet.sequence} has the outcome ${bet.outcome}, which is not between 0 and 1`);
  }
  const samples = state.samples + 1;
  const sum = state.sum + bet.outcome;
  const passedAt = state.passedAt ?? crossing(test.promotion, test.logPromotionThreshold, samples, sum, bet.sequence);
  const failedAt = state.failedAt ?? crossing(test.rollback, test.logRollbackThreshold, samples, sum, bet.sequence);
  return {
    samples,
    sum,
    ...(passedAt !== undefined && { passedAt }),
    ...(failedAt !== undefined && { failedAt }),
  };
}

function crossing(mixture: Mixture, logThreshold: number, samples: number, sum: number, sequence: number) {
  return logEvidence(mixture, samples, sum) >= logThreshold ? sequence : undefined;
}

/**
 * The numbers for a candidate that has stable's own digest (a new image, another setting): it is asked to be not
 * worse instead of better, over a region of the same width. Needs target - min < 1/2.
 */
export function notWorse(spec: WinRateSpec): WinRateSpec {
  return { ...spec, min: 0.5 - (spec.target - spec.min), target: 0.5 };
}
