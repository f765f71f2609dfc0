import { type Alternative, type Mixture, mixtureAgainst, reaches } from "./mixture.ts";
import { type Crossing, nothing, type Tally } from "./tally.ts";

export interface MetricSpec {
  /** At least one of the two; with `against: "Stable"` they are multiples of stable's value. */
  readonly min?: number;
  readonly max?: number;
  readonly against: "Bound" | "Stable";
  /** The share of breaching samples that is accepted, a fraction strictly between 0 and 1. */
  readonly maxBreaches: number;
  /** Samples before the gate can pass. */
  readonly minSamples: number;
  /** A candidate with breaches in at most that share fails with at most this probability. */
  readonly falseRollback: number;
}

/** A metric at one moment: the candidate's value and, where it is measured against stable, stable's. */
export interface MetricSample {
  readonly sequence: number;
  readonly value: number;
  readonly stable?: number;
}

/** Samples, how many of them were breaches, and the newest one. */
export interface MetricState {
  readonly tally: Tally;
  readonly last?: Omit<MetricSample, "sequence">;
  /** When the evidence first reached its threshold. Final. */
  readonly failedAt?: Crossing;
}

export interface MetricTest {
  readonly spec: MetricSpec;
  /** Evidence against "the share of samples that are breaches is at most maxBreaches". */
  readonly breach: Mixture;
  readonly logThreshold: number;
}

export const emptyMetric: MetricState = { tally: nothing };

const GRID_POINTS = 12;
/** Of the way from what is accepted to a breach in every sample. */
const NEAREST = 0.02;
const FARTHEST = 0.95;

/**
 * A sample is a bet of 0 or 1: a breach or none. The e-process is that of `mixture.ts` (Wald 1945, Ville 1939), its
 * stake spread (Robbins 1970) over shares in geometric steps from just over what is accepted to nearly all: a metric
 * that has turned bad stays so, and three breaches in a row suffice at 10% and an error of 5%.
 * @throws RangeError when the numbers cannot be a test.
 */
export function metricTest(spec: MetricSpec): MetricTest {
  const { maxBreaches, falseRollback, min, max } = spec;
  for (const [name, value] of Object.entries({ maxBreaches, falseRollback })) {
    if (!(0 < value && value < 1)) throw new RangeError(`a metric needs ${name} between 0 and 1, got ${value}`);
  }
  if (min === undefined && max === undefined) throw new RangeError("a metric needs min or max");
  return {
    spec,
    breach: mixtureAgainst(maxBreaches, alternatives(maxBreaches)),
    logThreshold: -Math.log(falseRollback),
  };
}

function alternatives(accepted: number): Alternative[] {
  const step = (FARTHEST / NEAREST) ** (1 / (GRID_POINTS - 1));
  return Array.from({ length: GRID_POINTS }, (_, i) => ({
    mean: accepted + (1 - accepted) * NEAREST * step ** i,
    weight: 1 / GRID_POINTS,
  }));
}

/** Against stable the bounds are multiplied rather than the values divided: an error rate of 0 is no worse than 0. */
export function isBreach({ min, max, against }: MetricSpec, { value, stable = 0 }: Omit<MetricSample, "sequence">) {
  const unit = against === "Stable" ? stable : 1;
  return (min !== undefined && value < min * unit) || (max !== undefined && value > max * unit);
}

/** The state after one more sample. */
export function foldMetric(test: MetricTest, state: MetricState, { sequence, ...last }: MetricSample): MetricState {
  const { samples, sum } = state.tally;
  const tally = { samples: samples + 1, sum: sum + (isBreach(test.spec, last) ? 1 : 0) };
  const failed = reaches(test.breach, tally.samples, tally.sum, test.logThreshold);
  const failedAt = state.failedAt ?? (failed ? { sequence, ...tally } : undefined);
  return { tally, last, ...(failedAt && { failedAt }) };
}
