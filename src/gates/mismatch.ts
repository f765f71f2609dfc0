import { type Crossing, nothing, type Tally } from "./tally.ts";

export interface MismatchSpec {
  /** Requests (or answers, or ratings) that must have been counted before the gate can pass. */
  readonly minSamples: number;
  /** Arms that do get what their weights say are called mismatched with at most this probability. */
  readonly falseAlarm: number;
}

/** One request, answer or rating, and the candidate's share of them when it was served: over 0 and under 1. */
export interface Arrival {
  readonly sequence: number;
  readonly arm: "Candidate" | "Stable";
  readonly share: number;
}

/** Everything a run has to remember. In the tallies `sum` counts the candidate's. */
export interface MismatchState extends Tally {
  /** What the shares say that `sum` should be on average. */
  readonly expected: number;
  /** The logarithm of the evidence against "each one goes to the candidate with the probability of its share". */
  readonly log: number;
  /** What arrived at the share that is in force. */
  readonly current: Tally & { readonly share: number };
  /** When the evidence first reached its threshold. Final. */
  readonly mismatchedAt?: Crossing & { readonly expected?: number };
}

export interface MismatchTest {
  readonly spec: MismatchSpec;
  readonly logThreshold: number;
}

export const emptyMismatch: MismatchState = { ...nothing, expected: 0, log: 0, current: { ...nothing, share: 0 } };

/** How many imaginary arrivals at the right share the alternative begins with: it looks for what is not far from it. */
const PRIOR_ARRIVALS = 100;

/** @throws RangeError when the numbers cannot be a test. */
export function mismatchTest(spec: MismatchSpec): MismatchTest {
  const { falseAlarm } = spec;
  if (!(0 < falseAlarm && falseAlarm < 1)) {
    throw new RangeError(`mismatch needs falseAlarm between 0 and 1, got ${falseAlarm}`);
  }
  return { spec, logThreshold: -Math.log(falseAlarm) };
}

/**
 * The state after one more arrival: the Bayes factor of a Beta mixture around the share against the share itself, as a
 * product of one prediction after another. It is an e-process, so it may be looked at after every arrival (Lindon and
 * Malek 2022, "Anytime-valid inference for multinomial count data", for two arms). When the share changes the mixture
 * begins anew and multiplies what there is, so that a run of many steps spends one error rate.
 * @throws RangeError when the share is not between 0 and 1: an arm without a share gets nothing that could be counted.
 */
export function foldMismatch(test: MismatchTest, state: MismatchState, arrival: Arrival): MismatchState {
  const { sequence, arm, share } = arrival;
  if (!(share > 0 && share < 1)) {
    throw new RangeError(`arrival ${sequence} has the share ${share}, which is not between 0 and 1`);
  }
  const before = state.current.share === share ? state.current : nothing;
  const isCandidate = arm === "Candidate";
  const hit = isCandidate ? 1 : 0;
  const weight = isCandidate ? share : 1 - share;
  const seen = isCandidate ? before.sum : before.samples - before.sum;
  const predicted = (PRIOR_ARRIVALS * weight + seen) / (PRIOR_ARRIVALS + before.samples);
  const samples = state.samples + 1;
  const sum = state.sum + hit;
  const expected = state.expected + share;
  const log = state.log + Math.log(predicted / weight);
  const mismatchedAt =
    state.mismatchedAt ?? (log >= test.logThreshold ? { sequence, samples, sum, expected } : undefined);
  return {
    samples,
    sum,
    expected,
    log,
    current: { share, samples: before.samples + 1, sum: before.sum + hit },
    ...(mismatchedAt && { mismatchedAt }),
  };
}
