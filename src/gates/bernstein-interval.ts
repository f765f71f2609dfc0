import type { Interval } from "./interval.ts";
import { INTERVAL_ERROR } from "./interval.ts";
import type { PlugIn } from "./moments.ts";

/** What the interval has to remember, whatever the number of outcomes. */
export interface BernsteinSums {
  readonly weight: number;
  /** Of the outcomes, each times its weight. */
  readonly weighted: number;
  /** What the outcomes' variance costs. */
  readonly penalty: number;
}

export const noBernsteinSums: BernsteinSums = { weight: 0, weighted: 0, penalty: 0 };

const LOG_TERM = Math.log(2 / INTERVAL_ERROR);
const LARGEST_WEIGHT = 0.5;

/** With one more outcome in [0, 1], the `count`th, from the plug-in before it. */
export function addToBernstein(
  { weight, weighted, penalty }: BernsteinSums,
  { mean, variance }: PlugIn,
  count: number,
  outcome: number,
): BernsteinSums {
  const own = Math.min(LARGEST_WEIGHT, Math.sqrt((2 * LOG_TERM) / (variance * count * Math.log1p(count))));
  const surprise = (outcome - mean) ** 2;
  return {
    weight: weight + own,
    weighted: weighted + own * outcome,
    penalty: penalty + surprise * (-Math.log1p(-own) - own),
  };
}

/**
 * An interval for the mean of outcomes in [0, 1] that is valid at every look and as narrow as their variance allows:
 * the predictable plug-in empirical Bernstein confidence sequence (Waudby-Smith and Ramdas 2024, theorem 2),
 * `sum(l x)/sum(l) ± (ln(2/alpha) + sum((x - m)^2 (-ln(1-l) - l)))/sum(l)`, with l the weights and m the plug-in means.
 */
export function bernsteinInterval({ weight, weighted, penalty }: BernsteinSums): Interval {
  if (weight === 0) return { low: 0, high: 1 };
  const centre = weighted / weight;
  const margin = (LOG_TERM + penalty) / weight;
  return { low: Math.max(0, centre - margin), high: Math.min(1, centre + margin) };
}
