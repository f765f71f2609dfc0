import { emptyMismatch, foldMismatch, type MismatchState, type MismatchTest } from "../../src/gates/mismatch.ts";

export interface MismatchCell {
  /** The candidate's share that the weights say, of each arrival, from 0. */
  readonly share: (n: number) => number;
  /** What it gets of them, as a multiple of that share. */
  readonly factor: number;
  readonly maxArrivals: number;
  readonly runs: number;
}

/** `found`: fraction of the runs. `meanArrivals`: over those. */
export function simulateMismatch(test: MismatchTest, random: () => number, cell: MismatchCell) {
  const { share, factor, maxArrivals, runs } = cell;
  let found = 0;
  let arrivals = 0;
  for (let run = 0; run < runs; run++) {
    let state: MismatchState = emptyMismatch;
    for (let n = 0; !state.mismatchedAt && n < maxArrivals; n++) {
      const said = share(n);
      const arm = random() < said * factor ? "Candidate" : "Stable";
      state = foldMismatch(test, state, { sequence: n + 1, arm, share: said });
    }
    if (!state.mismatchedAt) continue;
    found++;
    arrivals += state.samples;
  }
  return { found: found / runs, meanArrivals: arrivals / found };
}

/** 1%, 10% and 50%, a third of the arrivals each. */
export function ramp(arrivals: number): (n: number) => number {
  return (n) => (n < arrivals / 3 ? 0.01 : n < (2 * arrivals) / 3 ? 0.1 : 0.5);
}
