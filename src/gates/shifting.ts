import { type Mixture, reaches } from "./mixture.ts";
import { type Crossing, nothing, since, type Tally } from "./tally.ts";

/**
 * A change-point monitor beside a two-threshold test: did the mean fall since the gate passed?
 *
 * At every 50th bet an e-process against "mean >= target" starts. Their sum is an e-detector (Shin, Ramdas and Rinaldo
 * 2024, "E-detectors: a nonparametric framework for sequential change detection"): as long as every conditional mean is
 * at or over target it reaches 1000 within T bets with probability at most ceil(T/50)/1000, and not before 49,950 bets
 * on average. Of them only the one that started at `best` is looked at, which is never more than the sum and, since the
 * likelihood ratio of target to min is a sum over bets, is known from two numbers. A candidate at or under min is called
 * shifting with at most falsePromotion: it would have to pass first. In between either may happen, as for the test.
 *
 * Before a Pass there is nothing to look for: evidence that has not yet sufficed for one is gone, and the candidate
 * failed, before a fall of a thousandfold shows.
 */
export interface ShiftState {
  /** Where promotion's likelihood ratio stood highest since the last change: the best start to look for another from. */
  readonly best: Tally;
  readonly change?: Change;
}

/** The bet at which a change was found, with all that was folded up to it. */
export interface Change extends Crossing {
  /** What lies before the change, as far as can be told. */
  readonly before: Tally;
  /** ln min(1, evidence for promotion) at that bet: promotion's evidence goes on from it. */
  readonly carried: number;
}

export const LOG_CHANGE_THRESHOLD = Math.log(1000);

const START_EVERY = 50;

export const emptyShift: ShiftState = { best: nothing };

/** `rollback`: evidence against "mean >= target". */
export function isChange(rollback: Mixture, { best }: ShiftState, now: Tally): boolean {
  const { samples, sum } = since(now, best);
  return reaches(rollback, samples, sum, LOG_CHANGE_THRESHOLD);
}

/** The monitor's state where no change was found. */
export function watch({ min, target }: { min: number; target: number }, state: ShiftState, now: Tally): ShiftState {
  if (now.samples % START_EVERY !== 0) return state;
  const { samples, sum } = since(now, state.best);
  const logRatio = sum * Math.log(target / min) + (samples - sum) * Math.log((1 - target) / (1 - min));
  return logRatio > 0 ? { ...state, best: { samples: now.samples, sum: now.sum } } : state;
}

/**
 * A candidate is shifting until the bets are three times those at the change. A mean that went down for the first time
 * after n bets, and comes and goes in equal turns, does so again by then: it is back at 2n, and down at 3n.
 */
export function settledAt({ samples }: Change): number {
  return 3 * samples;
}
