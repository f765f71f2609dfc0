import { allocate, drawFrom } from "../../src/gates/allocation.ts";
import { emptyWatchedWinRate, foldWinRate, type WinRateState, type WinRateTest } from "../../src/gates/win-rate.ts";

export interface SelectionCell {
  /** True win rates of the contenders against stable. */
  readonly truths: readonly number[];
  /** By Thompson sampling with this least share; absent: all alike. */
  readonly minShare?: number;
  readonly runs: number;
  /** Of the comparisons: as often the shares follow from what is known. */
  readonly every?: number;
}

export interface SelectionFigures {
  /** Fractions of the runs in which each was chosen, in the order of the truths. */
  readonly chosen: readonly number[];
  /** Nobody was left. */
  readonly nobody: number;
  /** At least one was rejected before somebody was chosen. */
  readonly anyRejected: number;
  readonly meanComparisons: number;
}

/** Runs of the shipped test, one for each contender at its part of the rates, until one passes or nobody is left. */
export function simulateSelection(test: WinRateTest, random: () => number, cell: SelectionCell): SelectionFigures {
  const chosen = cell.truths.map(() => 0);
  let comparisons = 0;
  let rejected = 0;
  let nobody = 0;
  for (let run = 0; run < cell.runs; run++) {
    const ended = selectOnce(test, random, cell);
    comparisons += ended.comparisons;
    if (ended.left < cell.truths.length) rejected++;
    if (ended.chosen === undefined) nobody++;
    else chosen[ended.chosen] = (chosen[ended.chosen] ?? 0) + 1 / cell.runs;
  }
  return {
    chosen,
    nobody: nobody / cell.runs,
    anyRejected: rejected / cell.runs,
    meanComparisons: comparisons / cell.runs,
  };
}

function selectOnce(test: WinRateTest, random: () => number, { truths, minShare, every = 10 }: SelectionCell) {
  const states = new Map<number, WinRateState>(truths.map((_, index) => [index, emptyWatchedWinRate]));
  let shares: readonly number[] = [];
  for (let comparisons = 1; ; comparisons++) {
    const left = [...states.keys()];
    if (left.length === 0) return { comparisons: comparisons - 1, left: 0 };
    if (shares.length !== left.length || comparisons % every === 0)
      shares = minShare === undefined ? left.map(() => 1 / left.length) : allocate([...states.values()], minShare);
    const asked = left[drawFrom(shares, random())] ?? 0;
    const outcome = random() < (truths[asked] ?? 0) ? 1 : 0;
    const state = foldWinRate(test, states.get(asked) ?? emptyWatchedWinRate, { sequence: comparisons, outcome });
    if (state.passedAt) return { comparisons, left: left.length, chosen: asked };
    if (state.failedAt) states.delete(asked);
    else states.set(asked, state);
  }
}
