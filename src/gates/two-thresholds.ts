import { type Alternative, evenly, type Mixture, mixtureAgainst } from "./mixture.ts";
import { COMPARISONS, type Wording } from "./wording.ts";

/**
 * The two-threshold test, of which there is one: the gate winRate asks it of comparisons, compliance of ratings
 * (`wording` is all that differs). All fractions: 0 < min < target < 1, error rates strictly between 0 and 1.
 */
export interface WinRateSpec {
  /** A candidate whose mean is at or under this is promoted with at most the probability `falsePromotion`. */
  readonly min: number;
  /** A candidate whose mean is at or over this is rolled back with at most the probability `falseRollback`. */
  readonly target: number;
  readonly falsePromotion: number;
  readonly falseRollback: number;
  /** No Pass before as many bets, though the test itself needs no least number. A Fail never waits. */
  readonly minSamples?: number;
  /** No evidence for a Pass after as many bets: without a verdict the gate is exhausted. It can still fail. */
  readonly maxSamples?: number;
}

/** A spec made ready for folding: the logarithms are taken once. */
export interface WinRateTest {
  readonly spec: WinRateSpec;
  readonly wording: Wording;
  /** Evidence against "mean <= min". */
  readonly promotion: Mixture;
  /** Evidence against "mean >= target". */
  readonly rollback: Mixture;
  readonly logPromotionThreshold: number;
  readonly logRollbackThreshold: number;
}

/** The likelihood ratio at the other threshold is what decides close cases; the grid makes clear cases short. */
const GRID_POINTS = 12;
const GRID_WEIGHT = 0.25;

/**
 * Two e-processes, one against each threshold: Wald's (1945) likelihood ratio mixed with a grid (Robbins 1970), as `mixture.ts` has it.
 *
 * @throws RangeError when the numbers cannot be a test.
 */
export function winRateTest(spec: WinRateSpec, wording: Wording = COMPARISONS): WinRateTest {
  refuseImpossible(spec, wording.gate);
  const { min, target, falsePromotion, falseRollback } = spec;
  return {
    spec,
    wording,
    promotion: mixtureAgainst(min, alternatives(target, target, 1)),
    rollback: mixtureAgainst(target, alternatives(min, 0, min)),
    logPromotionThreshold: -Math.log(falsePromotion),
    logRollbackThreshold: -Math.log(falseRollback),
  };
}

function refuseImpossible(spec: WinRateSpec, gate: string): void {
  const { min, target, falsePromotion, falseRollback, minSamples = 1, maxSamples = Number.POSITIVE_INFINITY } = spec;
  if (!(0 < min && min < target && target < 1)) {
    throw new RangeError(`${gate} needs 0 < min < target < 1, got min ${min} and target ${target}`);
  }
  for (const rate of [falsePromotion, falseRollback]) {
    if (!(0 < rate && rate < 1)) throw new RangeError(`${gate} needs error rates between 0 and 1, got ${rate}`);
  }
  if (!(1 <= minSamples && minSamples <= maxSamples)) {
    throw new RangeError(`${gate} needs 1 <= minSamples <= maxSamples, got ${minSamples} and ${maxSamples}`);
  }
}

function alternatives(main: number, from: number, to: number): Alternative[] {
  return [{ mean: main, weight: 1 - GRID_WEIGHT }, ...evenly(from, to, GRID_POINTS, GRID_WEIGHT)];
}

/**
 * The numbers for a candidate that has stable's own digest (a new image, another setting): it is asked to be not
 * worse instead of better, over a region of the same width. Needs target - min < 1/2.
 */
export function notWorse(spec: WinRateSpec): WinRateSpec {
  return { ...spec, min: 0.5 - (spec.target - spec.min), target: 0.5 };
}
