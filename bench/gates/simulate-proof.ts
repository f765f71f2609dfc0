import {
  cleanChecksToProve,
  emptySafety,
  foldSafety,
  type SafetyState,
  type SafetyTest,
} from "../../src/gates/safety.ts";

export interface ProofFigures {
  /** Fraction of the runs. */
  readonly proven: number;
  /** Over the runs that were proven. */
  readonly meanChecked: number;
}

/**
 * Runs of the shipped proof of less on a candidate of one true violation rate, looked at after every check. Clean checks
 * only add to it, so the runs go from violation to violation and ask whether it sufficed on the way.
 */
export function simulateProof(
  test: SafetyTest,
  random: () => number,
  { rate, maxChecked, runs }: { rate: number; maxChecked: number; runs: number },
): ProofFigures {
  let proven = 0;
  let checkedUntilThen = 0;
  for (let run = 0; run < runs; run++) {
    let state: SafetyState = emptySafety;
    for (;;) {
      const clean = Math.floor(Math.log1p(-random()) / Math.log1p(-rate));
      const enough = cleanChecksToProve(test, state);
      if (state.checked + Math.min(clean, enough) > maxChecked) break;
      if (enough <= clean) {
        proven++;
        checkedUntilThen += state.checked + enough;
        break;
      }
      const sequence = state.checked + clean + 1;
      state = foldSafety(test, { ...state, checked: sequence - 1 }, { sequence, violation: true });
    }
  }
  return { proven: proven / runs, meanChecked: checkedUntilThen / proven };
}
