import type { Comparison } from "../../../api/contracts/collector-api.ts";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessWinRate } from "../../../gates/assess.ts";
import { selectBet } from "../../../gates/bet.ts";
import {
  emptyWinRate,
  foldWinRate,
  notWorse,
  retryWinRate,
  type WinRateCrossing,
  type WinRateSpec,
  type WinRateState,
  winRateTest,
} from "../../../gates/win-rate.ts";
import { defineGate, type Gate, type GateStatus, type Kept, numbersOf } from "./gate.ts";

type Crossing = NonNullable<GateStatus["failedAt"]>;

type Settings = PreferenceCanarySpec["gates"]["winRate"];

/** What the gate is asked for. `sameModel`: to be not worse instead of better. */
export function winRateSpec(settings: Settings, sameModel: boolean): WinRateSpec {
  const spec = {
    min: parsePercent(settings.min),
    target: parsePercent(settings.target),
    falsePromotion: parsePercent(settings.falsePromotion),
    falseRollback: parsePercent(settings.falseRollback),
  };
  return sameModel ? notWorse(spec) : spec;
}

/** From comparisons of this candidate with this stable. */
export function winRateGate(settings: Settings, sameModel: boolean): Gate {
  const test = winRateTest(winRateSpec(settings, sameModel));
  return defineGate<WinRateState, Comparison>({
    name: "winRate",
    stream: "comparisons",
    numbers: numbersOf(settings),
    streamOf: ({ comparisons }) => comparisons,
    counts: (comparison) => selectBet(comparison) !== undefined,
    fold: (state, { sequence, outcome }) => foldWinRate(test, state, { sequence, outcome }),
    read: (gate) => (gate === undefined ? emptyWinRate : readState(gate)),
    write: writeState,
    retry: retryWinRate,
    watch: retryWinRate,
    assess: (state, problem) => assessWinRate(test, state, problem),
  });
}

function readState({ samples, sum, passedAt, failedAt, rollbackFrom }: Kept): WinRateState {
  return {
    samples,
    sum: Number(sum),
    ...(passedAt && { passedAt: readCrossing(passedAt) }),
    ...(failedAt && { failedAt: readCrossing(failedAt) }),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: Number(rollbackFrom.sum) } }),
  };
}

function writeState({ samples, sum, passedAt, failedAt, rollbackFrom }: WinRateState): Kept {
  return {
    samples,
    sum: String(sum),
    ...(passedAt && { passedAt: writeCrossing(passedAt) }),
    ...(failedAt && { failedAt: writeCrossing(failedAt) }),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: String(rollbackFrom.sum) } }),
  };
}

function readCrossing({ sequence, samples, sum }: Crossing): WinRateCrossing {
  return { sequence, samples, sum: Number(sum) };
}

function writeCrossing({ sequence, samples, sum }: WinRateCrossing): Crossing {
  return { sequence, samples, sum: String(sum) };
}
