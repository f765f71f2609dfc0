import type { PlugIn } from "./moments.ts";

/** The most that one bet stakes of what there is. */
const STAKE = 0.5;

/**
 * What one bet of an e-process against "mean <= bound" adds to the logarithm of the evidence: ln(1 + l (x - bound)),
 * l fixed before the outcome x in [0, 1] is seen, so that the mean of what is in the logarithm is at most 1 under the
 * hypothesis. The approximate GRAPA bet, l = (mean - bound) / (variance + (mean - bound)^2) with the plug-in before x,
 * stakes more the less the outcomes vary (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables
 * by betting", section 5).
 */
export function gainOver(bound: number, { mean, variance }: PlugIn, outcome: number): number {
  const lead = mean - bound;
  const bet = Math.min(STAKE / bound, Math.max(0, lead / (variance + lead * lead)));
  return Math.log1p(bet * (outcome - bound));
}

/** As {@link gainOver}, against "mean >= bound": the same bet on the mirrored outcome. */
export function gainUnder(bound: number, { mean, variance }: PlugIn, outcome: number): number {
  return gainOver(1 - bound, { mean: 1 - mean, variance }, 1 - outcome);
}
