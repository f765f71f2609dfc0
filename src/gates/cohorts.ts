import { logMean, namedBy } from "./e-values.ts";
import { evenly, logEvidence, type Mixture, mixtureAgainst } from "./mixture.ts";
import { type Crossing, nothing, type Tally } from "./tally.ts";
import { COMPARISONS, type Wording } from "./wording.ts";

/** All fractions strictly between 0 and 1. */
export interface CohortsSpec {
  /** Declared before the run, at least one: how many there are is part of what the error rate is promised for. */
  readonly cohorts: readonly string[];
  /** No cohort's mean may be under it. */
  readonly min: number;
  /** Bets that every cohort must have before the gate can pass. */
  readonly minSamples: number;
  /** A candidate that is at or over `min` in all of the cohorts fails with at most this probability. */
  readonly falseRollback: number;
}

export interface CohortBet {
  readonly sequence: number;
  readonly outcome: number;
  readonly cohort: string | null;
}

/** Everything a run has to remember. */
export interface CohortsState {
  /** By name; a cohort without a bet is not there. */
  readonly tallies: Readonly<Record<string, Tally>>;
  /** Records of no cohort, or of one that was not declared: counted, never bet on. */
  readonly unknown: number;
  /** When the evidence first reached its threshold. Final. */
  readonly failedAt?: CohortsCrossing;
}

/** `samples` and `sum` are those of all cohorts together. */
export interface CohortsCrossing extends Crossing {
  /** The cohorts that the evidence could name then; none where it lay in all of them a little. */
  readonly cohorts: readonly string[];
}

export interface CohortsTest {
  readonly spec: CohortsSpec;
  readonly wording: Wording;
  /** Evidence against "the mean of this cohort is at least min". */
  readonly harm: Mixture;
  readonly logThreshold: number;
}

export const emptyCohorts: CohortsState = { tallies: {}, unknown: 0 };

const GRID_POINTS = 12;

/**
 * An e-process of `mixture.ts` for each cohort (Wald 1945, Robbins 1970), of which the mean decides (Vovk and Wang 2021).
 *
 * @throws RangeError when the numbers cannot be a test.
 */
export function cohortsTest(spec: CohortsSpec, wording: Wording = COMPARISONS): CohortsTest {
  const { cohorts, min, falseRollback } = spec;
  if (cohorts.length === 0 || new Set(cohorts).size < cohorts.length) {
    throw new RangeError(`cohorts needs names, each one once, got ${JSON.stringify(cohorts)}`);
  }
  for (const [name, value] of Object.entries({ min, falseRollback })) {
    if (!(0 < value && value < 1)) throw new RangeError(`cohorts needs ${name} between 0 and 1, got ${value}`);
  }
  const harm = mixtureAgainst(min, evenly(0, min, GRID_POINTS, 1));
  return { spec, wording, harm, logThreshold: -Math.log(falseRollback) };
}

/**
 * The state after one more record. Each cohort has an e-process of its own; their mean is one against "no cohort is under
 * min", so that one harmed cohort fails the candidate whatever the average says, and K cohorts share one error rate.
 * @throws RangeError when the outcome is not between 0 and 1.
 */
export function foldCohorts(test: CohortsTest, state: CohortsState, bet: CohortBet): CohortsState {
  const { sequence, outcome, cohort } = bet;
  if (!(outcome >= 0 && outcome <= 1)) {
    throw new RangeError(`comparison ${sequence} has the outcome ${outcome}, which is not between 0 and 1`);
  }
  if (cohort === null || !test.spec.cohorts.includes(cohort)) return { ...state, unknown: state.unknown + 1 };
  const { samples, sum } = tallyOf(state, cohort);
  const tallies = { ...state.tallies, [cohort]: { samples: samples + 1, sum: sum + outcome } };
  const next = { ...state, tallies };
  return state.failedAt || harmEvidence(test, next) < test.logThreshold
    ? next
    : { ...next, failedAt: { sequence, ...altogether(next), cohorts: harmed(test, next) } };
}

/** The logarithm of the mean of the cohorts' evidence. A cohort without a bet counts with 1. */
export function harmEvidence(test: CohortsTest, state: CohortsState): number {
  return logMean(logsOf(test, state));
}

export function logsOf({ spec, harm }: CohortsTest, state: CohortsState): number[] {
  return spec.cohorts.map((cohort) => {
    const { samples, sum } = tallyOf(state, cohort);
    return logEvidence(harm, samples, sum);
  });
}

function harmed(test: CohortsTest, state: CohortsState): string[] {
  const { cohorts, falseRollback } = test.spec;
  return namedBy(logsOf(test, state), falseRollback).flatMap((position) => cohorts[position] ?? []);
}

export function tallyOf({ tallies }: CohortsState, cohort: string): Tally {
  return (Object.hasOwn(tallies, cohort) ? tallies[cohort] : undefined) ?? nothing;
}

export function altogether({ tallies }: CohortsState): Tally {
  const add = (a: Tally, b: Tally): Tally => ({ samples: a.samples + b.samples, sum: a.sum + b.sum });
  return Object.values(tallies).reduce(add, nothing);
}
