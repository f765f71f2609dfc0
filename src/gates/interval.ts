import { lnBeta } from "./ln-gamma.ts";

/** Fractions, low <= high. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The true mean is ever outside the interval, at any look, with at most this probability. */
export const INTERVAL_ERROR = 0.05;

/**
 * The interval for the mean of outcomes in [0, 1] that is valid at every look, after `samples` outcomes that sum to
 * `sum`: all p with `ln B(1/2 + s, 1/2 + f) - ln B(1/2, 1/2) - s ln p - f ln(1-p) < ln(1/alpha)`, f = samples - sum.
 * That is Robbins' (1970) mixture with Jeffreys' prior; by convexity it holds for outcomes between 0 and 1 as well.
 * Without outcomes it is all of [0, 1].
 */
export function anytimeInterval(samples: number, sum: number): Interval {
  const losses = samples - sum;
  const mixture = lnBeta(0.5 + sum, 0.5 + losses) - lnBeta(0.5, 0.5);
  const limit = mixture + Math.log(INTERVAL_ERROR);
  const isInside = (p: number) => weighted(sum, Math.log(p)) + weighted(losses, Math.log1p(-p)) > limit;
  const estimate = samples === 0 ? 0.5 : sum / samples;
  return { low: bisect(0, estimate, isInside), high: bisect(1, estimate, isInside) };
}

/** 0 times an infinite logarithm is 0 here: p^0 = 1 also at p = 0. */
function weighted(count: number, log: number): number {
  return count === 0 ? 0 : count * log;
}

/** The point between `outside` and `inside` where `isInside` changes; `outside` itself when it never does. */
function bisect(outside: number, inside: number, isInside: (p: number) => boolean): number {
  if (isInside(outside)) return outside;
  let far = outside;
  let near = inside;
  for (let step = 0; step < 60; step++) {
    const middle = (far + near) / 2;
    if (isInside(middle)) near = middle;
    else far = middle;
  }
  return far;
}
