import {
  emptyRegression,
  foldRegression,
  type RegressionState,
  type RegressionTest,
} from "../../src/gates/regression.ts";

export interface RegressionCell {
  /** True means of the ratings. */
  readonly candidate: number;
  readonly stable: number;
  /** The candidate's share of the ratings, which come in random order; or one of each arm in turn. */
  readonly share: number | "InTurn";
  readonly runs: number;
  readonly maxPairs: number;
}

export interface RegressionFigures {
  /** Fractions of the runs. */
  readonly promoted: number;
  readonly rolledBack: number;
  readonly meanPairs: number;
}

/** Each run is looked at after every rating, until it is decided. */
export function simulateRegression(
  test: RegressionTest,
  random: () => number,
  cell: RegressionCell,
): RegressionFigures {
  const { candidate, stable, share, runs, maxPairs } = cell;
  const total = { promoted: 0, rolledBack: 0, pairs: 0 };
  for (let run = 0; run < runs; run++) {
    let state: RegressionState = emptyRegression;
    for (let sequence = 1; !state.passedAt && !state.failedAt && state.pairs.samples < maxPairs; sequence++) {
      const isCandidate = share === "InTurn" ? sequence % 2 === 0 : random() < share;
      const arm = isCandidate ? "Candidate" : "Stable";
      const outcome = random() < (isCandidate ? candidate : stable) ? 1 : 0;
      state = foldRegression(test, state, { sequence, arm, outcome });
    }
    if (state.failedAt) total.rolledBack++;
    else if (state.passedAt) total.promoted++;
    total.pairs += state.pairs.samples;
  }
  return { promoted: total.promoted / runs, rolledBack: total.rolledBack / runs, meanPairs: total.pairs / runs };
}
