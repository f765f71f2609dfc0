import { logEvidence, type Mixture } from "../../gates/mixture.ts";
import type { Tally } from "../../gates/tally.ts";

/** No gate of a canary gets to see more. */
const MOST = 100_000_000;

/**
 * How many outcomes more, with this mean, bring the evidence to the threshold; undefined when none do. Evidence over
 * outcomes of one mean falls before it rises, so it reaches a threshold once.
 */
export function samplesNeeded(
  mixture: Mixture,
  { samples, sum }: Tally,
  mean: number,
  logThreshold: number,
): number | undefined {
  const isEnough = (more: number) => logEvidence(mixture, samples + more, sum + more * mean) >= logThreshold;
  return fewest(isEnough);
}

/** The smallest number from 0 for which something holds that goes on to hold. */
export function fewest(holds: (number: number) => boolean): number | undefined {
  if (holds(0)) return 0;
  let enough = 1;
  while (!holds(enough)) {
    enough *= 2;
    if (enough > MOST) return undefined;
  }
  for (let tooFew = enough / 2; enough - tooFew > 1; ) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (holds(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}
