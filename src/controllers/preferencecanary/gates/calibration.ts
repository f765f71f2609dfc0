import * as z from "zod";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessCalibration } from "../../../gates/assess-calibration.ts";
import { selectBet } from "../../../gates/bet.ts";
import {
  type CalibrationSpec,
  type CalibrationState,
  calibrationError,
  calibrationTest,
  emptyCalibration,
  foldCalibration,
} from "../../../gates/calibration.ts";
import { defineGate, type Gate, type GateStatus, type Kept, numbersOf } from "./gate.ts";
import { readCrossing, writeCrossing } from "./two-thresholds.ts";
import { type Comparing, comparedIn, numbersOfBets } from "./win-rate.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["calibration"]>;

export function calibrationSpec({ maxError }: Settings): CalibrationSpec {
  return { maxError: parsePercent(maxError) };
}

/** From comparisons that carry the candidate's own reward margin; the others say nothing about it. */
export function calibrationGate(settings: Settings, comparing: Comparing): Gate {
  const test = calibrationTest(calibrationSpec(settings));
  return defineGate<CalibrationState, "comparisons">({
    name: "calibration",
    numbers: numbersOf({ ...settings, ...numbersOfBets(comparing) }),
    against: comparedIn(comparing).against,
    stream: "comparisons",
    counts: (comparison) => comparison.margin !== undefined && selectBet(comparison, comparing) !== undefined,
    hears: ({ margin }) => margin !== undefined,
    fold: (state, { sequence, outcome, margin }) =>
      margin === undefined ? state : foldCalibration(test, state, { sequence, outcome, margin }),
    read,
    write,
    isReadable,
    samples: (state) => calibrationError(state).samples,
    retry: () => emptyCalibration,
    assess: (state, problem) => assessCalibration(test, state, problem),
  });
}

const VERSION = 1;

/** Of each bin the choices, and the outcomes less confidences. */
const Numbers = z.tuple([
  z.literal(VERSION),
  z.array(z.tuple([z.int().nonnegative(), z.number()])).length(emptyCalibration.bins.length),
]);

function read({ state: text, passedAt, failedAt }: Partial<Kept> = {}): CalibrationState {
  const bins = (text === undefined ? undefined : parse(text))?.map(([samples, surplus]) => ({ samples, surplus }));
  return {
    bins: bins ?? emptyCalibration.bins,
    ...(passedAt && { passedAt: readCrossing(passedAt) }),
    ...(failedAt && { failedAt: readCrossing(failedAt) }),
  };
}

function write(state: CalibrationState): Kept {
  const { samples, sum } = calibrationError(state);
  const bins = state.bins.map((bin): [number, number] => [bin.samples, bin.surplus]);
  const { passedAt, failedAt } = state;
  return {
    samples,
    sum: String(sum),
    state: JSON.stringify([VERSION, bins]),
    ...(passedAt && { passedAt: writeCrossing(passedAt) }),
    ...(failedAt && { failedAt: writeCrossing(failedAt) }),
  };
}

/** Nothing was folded yet, or the numbers are there. */
function isReadable({ state, cursor }: GateStatus): boolean {
  return state === undefined ? cursor === undefined : parse(state) !== undefined;
}

function parse(text: string): [number, number][] | undefined {
  try {
    return Numbers.safeParse(JSON.parse(text)).data?.[1];
  } catch {
    return undefined;
  }
}
