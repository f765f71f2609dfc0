import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import {
  emptyWinRate,
  retryWinRate,
  type WinRateCrossing,
  type WinRateSpec,
  type WinRateState,
} from "../../../gates/win-rate.ts";
import type { GateDefinition, GateStatus, Kept, Numbered } from "./gate.ts";

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
  GateDefinition<WinRateState, Numbered>,
  "read" | "write" | "samples" | "retry" | "watch"
> = {
  read: (gate) => (gate === undefined ? emptyWinRate : readState(gate)),
  write: writeState,
  samples: ({ samples }) => samples,
  retry: retryWinRate,
  watch: retryWinRate,
};

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

type Crossing = NonNullable<GateStatus["failedAt"]>;

export function readCrossing({ sequence, samples, sum }: Crossing): WinRateCrossing {
  return { sequence, samples, sum: Number(sum) };
}

export function writeCrossing({ sequence, samples, sum }: WinRateCrossing): Crossing {
  return { sequence, samples, sum: String(sum) };
}
