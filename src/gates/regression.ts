import { gainOver, gainUnder } from "./adaptive-bet.ts";
import { addToBernstein, type BernsteinSums, noBernsteinSums } from "./bernstein-interval.ts";
import { type Moments, noMoments, plugIn, withOutcome } from "./moments.ts";
import { type Crossing, nothing, type Tally } from "./tally.ts";

/** All fractions, strictly between 0 and 1. */
export interface RegressionSpec {
  /** A candidate whose ratings are this much or more under stable's passes with at most `falsePromotion`. */
  readonly maxDrop: number;
  readonly falsePromotion: number;
  /** A candidate whose ratings are not under stable's fails with at most this probability. */
  readonly falseRollback: number;
}

/** One rating of an answer that a user was served: 0 is bad, 1 is good, or between. */
export interface Rating {
  readonly sequence: number;
  readonly arm: "Candidate" | "Stable";
  readonly outcome: number;
}

/** Everything a run has to remember. The outcome of a pair is (1 + candidate - stable)/2: 1/2 where they are equal. */
export interface RegressionState {
  readonly pairs: Moments;
  /** Logarithms of the evidence against "drop >= maxDrop" and "drop <= 0". */
  readonly promotion: number;
  readonly rollback: number;
  readonly bernstein: BernsteinSums;
  /** Ratings since the last pair; of one arm at most. */
  readonly waiting: { readonly candidate: Tally; readonly stable: Tally };
  /** The first crossings, latched; `sum` of the pairs' outcomes. Rollback's evidence runs on after a Pass. */
  readonly passedAt?: Crossing;
  readonly failedAt?: Crossing;
}

export interface RegressionTest {
  readonly spec: RegressionSpec;
  readonly logPromotionThreshold: number;
  readonly logRollbackThreshold: number;
}

const nobodyWaits = { candidate: nothing, stable: nothing };

export const emptyRegression: RegressionState = {
  pairs: noMoments,
  promotion: 0,
  rollback: 0,
  bernstein: noBernsteinSums,
  waiting: nobodyWaits,
};

/**
 * Two e-processes of the bets of `adaptive-bet.ts` (Waudby-Smith and Ramdas 2024).
 *
 * @throws RangeError when the numbers cannot be a test.
 */
export function regressionTest(spec: RegressionSpec): RegressionTest {
  for (const [name, value] of Object.entries(spec)) {
    if (!(0 < value && value < 1)) throw new RangeError(`regression needs ${name} between 0 and 1, got ${value}`);
  }
  return {
    spec,
    logPromotionThreshold: -Math.log(spec.falsePromotion),
    logRollbackThreshold: -Math.log(spec.falseRollback),
  };
}

/**
 * The state after one more rating, in the order of arrival. A pair is made as soon as both arms have a rating since the
 * last one, from the means of what there is: at 99:1 each of the candidate's ratings meets the mean of a hundred of
 * stable's. How many those are does not depend on what they say.
 * @throws RangeError when the outcome is not between 0 and 1.
 */
export function foldRegression(test: RegressionTest, state: RegressionState, rating: Rating): RegressionState {
  if (!(rating.outcome >= 0 && rating.outcome <= 1)) {
    throw new RangeError(`rating ${rating.sequence} has the outcome ${rating.outcome}, which is not between 0 and 1`);
  }
  const waiting = queued(state.waiting, rating);
  const { candidate, stable } = waiting;
  if (candidate.samples === 0 || stable.samples === 0) return { ...state, waiting };
  const outcome = (1 + candidate.sum / candidate.samples - stable.sum / stable.samples) / 2;
  return { ...bet(test, state, rating.sequence, outcome), waiting: nobodyWaits };
}

function queued({ candidate, stable }: RegressionState["waiting"], { arm, outcome }: Rating) {
  const add = ({ samples, sum }: Tally): Tally => ({ samples: samples + 1, sum: sum + outcome });
  return arm === "Candidate" ? { candidate: add(candidate), stable } : { candidate, stable: add(stable) };
}

function bet(test: RegressionTest, state: RegressionState, sequence: number, outcome: number): RegressionState {
  const known = plugIn(state.pairs);
  const pairs = withOutcome(state.pairs, outcome);
  const promotion = state.promotion + gainOver((1 - test.spec.maxDrop) / 2, known, outcome);
  const rollback = state.rollback + gainUnder(0.5, known, outcome);
  const here = { sequence, samples: pairs.samples, sum: pairs.sum };
  const passedAt = state.passedAt ?? (promotion >= test.logPromotionThreshold ? here : undefined);
  const failedAt = state.failedAt ?? (rollback >= test.logRollbackThreshold ? here : undefined);
  return {
    ...state,
    pairs,
    promotion,
    rollback,
    bernstein: addToBernstein(state.bernstein, known, pairs.samples, outcome),
    ...(passedAt && { passedAt }),
    ...(failedAt && { failedAt }),
  };
}

/** As for the win rate: only rollback's evidence starts anew when a rejected candidate is tried again. */
export function retryRegression({ failedAt: _lifted, ...state }: RegressionState): RegressionState {
  return { ...state, rollback: 0 };
}
