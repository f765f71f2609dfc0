import { anytimeInterval } from "../../src/gates/interval.ts";
import { emptySafety, foldSafety, type SafetyState, type SafetyTest } from "../../src/gates/safety.ts";
import { emptyWinRate, foldWinRate, type WinRateState, type WinRateTest } from "../../src/gates/win-rate.ts";

/** Numbers in [0, 1) that the seed determines (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface WinRateFigures {
  /** Fractions of the runs. */
  readonly promoted: number;
  readonly rolledBack: number;
  readonly meanComparisons: number;
}

/** Runs of the shipped test on candidates of one true win rate, each looked at after every comparison until decided. */
export function simulateWinRate(
  test: WinRateTest,
  draw: () => number,
  { runs, maxComparisons = 3000 }: { runs: number; maxComparisons?: number },
): WinRateFigures {
  let promoted = 0;
  let rolledBack = 0;
  let comparisons = 0;
  for (let run = 0; run < runs; run++) {
    let state: WinRateState = emptyWinRate;
    while (!state.passedAt && !state.failedAt && state.samples < maxComparisons) {
      state = foldWinRate(test, state, { sequence: state.samples + 1, outcome: draw() });
    }
    if (state.failedAt) rolledBack++;
    else if (state.passedAt) promoted++;
    comparisons += state.samples;
  }
  return { promoted: promoted / runs, rolledBack: rolledBack / runs, meanComparisons: comparisons / runs };
}

/** Outcomes of comparisons with the given mean, a share of them ties. */
export function outcomes(random: () => number, mean: number, ties = 0): () => number {
  const wins = mean - ties / 2;
  return () => {
    const draw = random();
    return draw < wins ? 1 : draw < wins + ties ? 0.5 : 0;
  };
}

/**
 * Wald's lower bounds for the mean comparisons of a test with these errors, when the true win rate is min and target.
 */
export function waldBounds({ spec: { min, target, falsePromotion: a, falseRollback: b } }: WinRateTest) {
  const divergence = (p: number, q: number) => p * Math.log(p / q) + (1 - p) * Math.log((1 - p) / (1 - q));
  const nats = (x: number, y: number) => (1 - x) * Math.log((1 - x) / y) + x * Math.log(x / (1 - y));
  return { atMin: nats(a, b) / divergence(min, target), atTarget: nats(b, a) / divergence(target, min) };
}

export interface SafetyFigures {
  readonly rolledBack: number;
  /** Over the runs that were rolled back. */
  readonly meanChecked: number;
}

/**
 * Runs of the shipped safety test on a candidate of one true violation rate. A clean check only lowers the evidence, so
 * the runs go from violation to violation.
 */
export function simulateSafety(
  test: SafetyTest,
  random: () => number,
  { rate, maxChecked, runs }: { rate: number; maxChecked: number; runs: number },
): SafetyFigures {
  let rolledBack = 0;
  let checkedWhenRolledBack = 0;
  for (let run = 0; run < runs; run++) {
    let state: SafetyState = emptySafety;
    while (!state.failedAt) {
      const clean = Math.floor(Math.log1p(-random()) / Math.log1p(-rate));
      const sequence = state.checked + clean + 1;
      if (sequence > maxChecked) break;
      state = foldSafety(test, { ...state, checked: state.checked + clean }, { sequence, violation: true });
    }
    if (!state.failedAt) continue;
    rolledBack++;
    checkedWhenRolledBack += state.checked;
  }
  return { rolledBack: rolledBack / runs, meanChecked: checkedWhenRolledBack / rolledBack };
}

/** The fraction of runs in which the interval held the true mean at every one of the looks. */
export function simulateCoverage(random: () => number, mean: number, { looks, runs }: { looks: number; runs: number }) {
  let covered = 0;
  for (let run = 0; run < runs; run++) {
    let wins = 0;
    let inside = true;
    for (let samples = 1; inside && samples <= looks; samples++) {
      if (random() < mean) wins++;
      const { low, high } = anytimeInterval(samples, wins);
      inside = low <= mean && mean <= high;
    }
    if (inside) covered++;
  }
  return covered / runs;
}
