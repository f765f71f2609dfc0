import type { Tally } from "./tally.ts";

/** Cells of a win rate between 0 and 1. */
const CELLS = 200;

/**
 * Thompson sampling (1933), bounded from below: each arm's share of the next comparisons is how likely its win rate is the
 * highest, given uniform priors and what every arm has won so far; after `minShare` of them for each. Drawing by these
 * shares is what drawing a win rate from each posterior and taking the highest comes to, so nothing here is random and
 * status can say it. The beta densities are summed over cells of half a percent each.
 *
 * Which arm is asked next follows from outcomes that are known before, and chance. So each arm's e-process, which bets only
 * on its own comparisons, remains a supermartingale in the filtration of them all: skipped turns are factors of 1, and a
 * sampling rule that is predictable cannot raise its mean (Xu, Wang and Ramdas 2021, "A unified framework for bandit
 * multiple testing", arXiv 2107.07322). Ville's bound holds for each arm whatever the shares, and the union over K arms at alpha/K.
 *
 * @param minShare a fraction, at most 1 over the number of arms.
 * @returns fractions that sum to 1, in the order of the arms.
 */
export function allocate(arms: readonly Tally[], minShare: number): number[] {
  const posteriors = arms.map(posterior);
  const below = posteriors.map(midpointsOf);
  const best = posteriors.map((cells, arm) =>
    cells.reduce((sum, chance, cell) => sum + chance * others(below, arm, cell), 0),
  );
  const all = best.reduce((sum, chance) => sum + chance, 0);
  const free = 1 - arms.length * minShare;
  return best.map((chance) => minShare + (free * chance) / all);
}

/** How likely the win rate is in each of the cells. */
function posterior({ samples, sum }: Tally): number[] {
  const logs = Array.from({ length: CELLS }, (_, cell) => {
    const mean = (cell + 0.5) / CELLS;
    return sum * Math.log(mean) + (samples - sum) * Math.log(1 - mean);
  });
  const highest = Math.max(...logs);
  const cells = logs.map((log) => Math.exp(log - highest));
  const all = cells.reduce((total, cell) => total + cell, 0);
  return cells.map((cell) => cell / all);
}

/** How likely it is lower than the middle of each cell. */
function midpointsOf(cells: readonly number[]): number[] {
  let before = 0;
  return cells.map((chance) => {
    before += chance;
    return before - chance / 2;
  });
}

function others(below: readonly (readonly number[])[], arm: number, cell: number): number {
  return below.reduce((product, chances, other) => (other === arm ? product : product * (chances[cell] ?? 0)), 1);
}

/** The arm that a number in [0, 1) falls to, by the shares. */
export function drawFrom(shares: readonly number[], random: number): number {
  let left = random;
  const drawn = shares.findIndex((share) => {
    left -= share;
    return left < 0;
  });
  return drawn < 0 ? shares.length - 1 : drawn;
}

/**
 * What an arm's win rate hardly is under, by which the best is told: the posterior's mean less two of its standard
 * deviations. By the mean alone one lucky comparison would do, 66.7% for 1 of 1 and 64.7% for 65% of 94; so it is 20% and 55%.
 */
export function hardlyUnder({ samples, sum }: Tally): number {
  const mean = (sum + 1) / (samples + 2);
  return mean - 2 * Math.sqrt((mean * (1 - mean)) / (samples + 3));
}
