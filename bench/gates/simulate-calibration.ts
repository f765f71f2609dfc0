import {
  type CalibrationState,
  type CalibrationTest,
  calibrationError,
  emptyCalibration,
  foldCalibration,
} from "../../src/gates/calibration.ts";

export interface CalibrationCell {
  /** What the raters' log-odds are of the model's margin: 1 is calibrated, under 1 the model is too sure. */
  readonly slope: number;
  readonly maxChoices: number;
  readonly runs: number;
}

export interface CalibrationFigures {
  /** Fractions of the runs. */
  readonly passed: number;
  readonly failed: number;
  /** Of the runs, those in which the true error was outside the interval at some look. */
  readonly missed: number;
  readonly meanChoices: number;
  /** Mean over the runs, at their end. */
  readonly trueError: number;
}

/** Margins are spread as a DPO model's are, evenly from -4 to 4; looked at after every choice until decided. */
export function simulateCalibration(
  test: CalibrationTest,
  random: () => number,
  cell: CalibrationCell,
): CalibrationFigures {
  const { slope, maxChoices, runs } = cell;
  const total = { passed: 0, failed: 0, missed: 0, choices: 0, error: 0 };
  for (let run = 0; run < runs; run++) {
    let state: CalibrationState = emptyCalibration;
    let truth: CalibrationState = emptyCalibration;
    let isInside = true;
    let sequence = 0;
    while (!state.passedAt && !state.failedAt && sequence < maxChoices) {
      sequence++;
      const margin = 8 * random() - 4;
      const probability = 1 / (1 + Math.exp(-slope * margin));
      state = foldCalibration(test, state, { sequence, margin, outcome: random() < probability ? 1 : 0 });
      truth = foldCalibration(test, truth, { sequence, margin, outcome: probability });
      const { low, high } = calibrationError(state).interval;
      const error = calibrationError(truth).sum / sequence;
      isInside &&= low <= error && error <= high;
    }
    if (state.failedAt) total.failed++;
    else if (state.passedAt) total.passed++;
    if (!isInside) total.missed++;
    total.choices += sequence;
    total.error += calibrationError(truth).sum / sequence;
  }
  const { passed, failed, missed, choices, error } = total;
  return {
    passed: passed / runs,
    failed: failed / runs,
    missed: missed / runs,
    meanChoices: choices / runs,
    trueError: error / runs,
  };
}
