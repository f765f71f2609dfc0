import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import {
  emptyWatchedWinRate,
  retryWinRate,
  type WinRateCrossing,
  type WinRateSpec,
  type WinRateState,
} from "../../../gates/win-rate.ts";
import type { StreamName } from "../evidence/evidence.ts";
import type { GateDefinition, GateStatus, Kept } from "./gate.ts";
import { isReadableShift, readShift, writeShift } from "./shift-state.ts";

/** As in the spec of winRate and compliance. */
export interface ThresholdSettings {
  readonly min: string;
  readonly target: string;
  readonly falsePromotion: string;
  readonly falseRollback: string;
  readonly minSamples?: number;
  readonly maxSamples?: number;
}

export function thresholdSpec({ minSamples, maxSamples, ...rates }: ThresholdSettings): WinRateSpec {
  return {
    min: parsePercent(rates.min),
    target: parsePercent(rates.target),
    falsePromotion: parsePercent(rates.falsePromotion),
    falseRollback: parsePercent(rates.falseRollback),
    ...(minSamples !== undefined && { minSamples }),
    ...(maxSamples !== undefined && { maxSamples }),
  };
}

/** What a two-threshold test remembers, in status. */
export const twoThresholdState: Pick<
  GateDefinition<WinRateState, StreamName>,
  "read" | "write" | "isReadable" | "samples" | "retry" | "watch"
> = {
  read: (gate) => (gate === undefined ? emptyWatchedWinRate : readThresholds(gate)),
  write: writeState,
  isReadable: isReadableShift,
  samples: ({ samples }) => samples,
  retry: retryWinRate,
  watch: retryWinRate,
};

export function readThresholds({ samples, sum, passedAt, failedAt, rollbackFrom, state }: Kept): WinRateState {
  return {
    samples,
    sum: Number(sum),
    shift: readShift(state),
    ...(passedAt && { passedAt: readCrossing(passedAt) }),
    ...(failedAt && { failedAt: readCrossing(failedAt) }),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: Number(rollbackFrom.sum) } }),
  };
}

function writeState({ samples, sum, passedAt, failedAt, rollbackFrom, shift }: WinRateState): Kept {
  return {
    samples,
    sum: String(sum),
    ...(shift && { state: writeShift(shift) }),
    ...(passedAt && { passedAt: writeCrossing(passedAt) }),
    ...(failedAt && { failedAt: writeCrossing(failedAt) }),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: String(rollbackFrom.sum) } }),
  };
}

type Crossing = NonNullable<GateStatus["failedAt"]>;

export function readCrossing({ sequence, samples, sum }: Crossing): WinRateCrossing {
  return { sequence, samples, sum: Number(sum) };
}

export function writeCrossing({ sequence, samples, sum }: WinRateCrossing): Crossing {
  return { sequence, samples, sum: String(sum) };
}
