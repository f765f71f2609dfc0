import type { Tally } from "./tally.ts";

/** What a variance-adaptive bet knows of the outcomes in [0, 1] before it. */
export interface Moments extends Tally {
  /** Sum of the squared outcomes. */
  readonly squares: number;
}

/** Mean and variance as they are guessed for the next outcome. */
export interface PlugIn {
  readonly mean: number;
  readonly variance: number;
}

export const noMoments: Moments = { samples: 0, sum: 0, squares: 0 };

export function withOutcome({ samples, sum, squares }: Moments, outcome: number): Moments {
  return { samples: samples + 1, sum: sum + outcome, squares: squares + outcome * outcome };
}

/**
 * The predictable plug-in: one imaginary outcome of mean 1/2 and variance 1/4 beside the real ones, so that the first
 * bet has something to go by (Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting").
 */
export function plugIn({ samples, sum, squares }: Moments): PlugIn {
  const spread = samples === 0 ? 0 : Math.max(0, squares - (sum * sum) / samples);
  return { mean: (0.5 + sum) / (samples + 1), variance: (0.25 + spread) / (samples + 1) };
}
