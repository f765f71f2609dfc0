/** A number of outcomes in [0, 1] and their sum: all that an e-process over them depends on. */
export interface Tally {
  readonly samples: number;
  readonly sum: number;
}

/** The record that decided, by its number in the collector's order, and the numbers that it decided by. */
export interface Crossing extends Tally {
  readonly sequence: number;
}

export const nothing: Tally = { samples: 0, sum: 0 };

/** What came after `from`. */
export function since(now: Tally, from: Tally = nothing): Tally {
  return { samples: now.samples - from.samples, sum: now.sum - from.sum };
}
