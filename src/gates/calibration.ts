import { INTERVAL_ERROR, type Interval } from "./interval.ts";
import type { Crossing } from "./tally.ts";

export interface CalibrationSpec {
  /** The greatest expected calibration error that is accepted, a fraction over 0 and under 1/2. */
  readonly maxError: number;
}

/** A choice of a rater, and what the model made of the two answers. */
export interface Prediction {
  readonly sequence: number;
  /** The model's reward for the first answer less that for the second, in nats, as DPO defines it. */
  readonly margin: number;
  /** 1 where the rater chose the first answer, 0 the second, or between. */
  readonly outcome: number;
}

export interface CalibrationState {
  /** By the model's confidence: 50-60%, 60-70%, … 90-100%. */
  readonly bins: readonly Bin[];
  /** The first crossings, latched; `sum` is the error times `samples`. A later Fail outranks a Pass. */
  readonly passedAt?: Crossing;
  readonly failedAt?: Crossing;
}

interface Bin {
  readonly samples: number;
  /** Outcomes less confidences, summed. */
  readonly surplus: number;
}

const BINS = 5;

export const emptyCalibration: CalibrationState = { bins: Array(BINS).fill({ samples: 0, surplus: 0 }) };

/** The variance at which the interval is narrowest for its number of outcomes: at about a thousand of them. */
const TUNED_TO = 18;

/** A spec that can be tested. */
export interface CalibrationTest {
  readonly spec: CalibrationSpec;
}

/** @throws RangeError when the limit cannot be tested. */
export function calibrationTest(spec: CalibrationSpec): CalibrationTest {
  const { maxError } = spec;
  if (!(0 < maxError && maxError < 0.5)) {
    throw new RangeError(`calibration needs a maxError over 0% and under 50%, got ${maxError * 100}%`);
  }
  return { spec };
}

/**
 * The state after one more choice. A DPO model's margin m says that the first answer is preferred with the probability
 * 1/(1 + e^-m) (Bradley and Terry 1952; Rafailov et al. 2023). Both answers are alike to it, so each choice is read from
 * the side that the model prefers: its confidence, 50% or more, against whether the rater agrees.
 * @throws RangeError when the margin is no number or the outcome not between 0 and 1.
 */
export function foldCalibration(test: CalibrationTest, state: CalibrationState, choice: Prediction): CalibrationState {
  const { sequence, margin, outcome } = choice;
  if (Number.isNaN(margin) || !(outcome >= 0 && outcome <= 1)) {
    throw new RangeError(
      `comparison ${sequence} has the margin ${margin} and the outcome ${outcome}, which says nothing`,
    );
  }
  const confidence = 1 / (1 + Math.exp(-Math.abs(margin)));
  const agreement = margin < 0 ? 1 - outcome : outcome;
  const at = Math.min(BINS - 1, Math.floor((confidence - 0.5) * 2 * BINS));
  const bins = state.bins.map((bin, i) =>
    i === at ? { samples: bin.samples + 1, surplus: bin.surplus + agreement - confidence } : bin,
  );
  const { samples, sum, interval } = calibrationError({ bins });
  const here = { sequence, samples, sum };
  const { maxError } = test.spec;
  const passedAt = state.passedAt ?? (interval.high <= maxError ? here : undefined);
  const failedAt = state.failedAt ?? (interval.low > maxError ? here : undefined);
  return { bins, ...(passedAt && { passedAt }), ...(failedAt && { failedAt }) };
}

export interface CalibrationError {
  readonly samples: number;
  /** The error times `samples`. */
  readonly sum: number;
  /** Of the error; valid at every look. */
  readonly interval: Interval;
  /** Agreement less confidence over all choices, times `samples`: under 0 the model is surer than the raters. */
  readonly surplus: number;
}

/**
 * The expected calibration error over fixed bins, `sum |surplus of the bin| / n` (Naeini, Cooper and Hauskrecht 2015),
 * with a confidence sequence for its true value, which has the raters' probabilities in place of their choices.
 *
 * The error is the largest of `sum ±surplus` over all signs of the bins. For each choice of signs the noise in it is a
 * martingale whose steps span 1, so that it stays within `sqrt((v + r) ln((v + r)/(r a^2)))`, v = n/4, at all times with
 * probability 1 - a (Robbins' normal mixture; Howard et al. 2021, "Time-uniform, nonparametric, nonasymptotic confidence
 * sequences"). Sixteen of them, up to the sign of all, share the 5%.
 */
export function calibrationError({ bins }: Pick<CalibrationState, "bins">): CalibrationError {
  const total = (of: (bin: Bin) => number) => bins.reduce((sum, bin) => sum + of(bin), 0);
  const samples = total((bin) => bin.samples);
  const sum = total((bin) => Math.abs(bin.surplus));
  const surplus = total((bin) => bin.surplus);
  if (samples === 0) return { samples, sum, surplus, interval: { low: 0, high: 1 } };
  const variance = samples / 4 + TUNED_TO;
  const share = INTERVAL_ERROR / 2 ** (BINS - 1);
  const margin = Math.sqrt(variance * Math.log(variance / (TUNED_TO * share * share))) / samples;
  const error = sum / samples;
  return { samples, sum, surplus, interval: { low: Math.max(0, error - margin), high: Math.min(1, error + margin) } };
}
