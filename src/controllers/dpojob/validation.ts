import type { TrainResult } from "../../api/contracts/train.ts";
import type { DPOJobSpec } from "../../api/v1alpha1/dpo-job.ts";
import { formatPercent, parsePercent } from "../../api/v1alpha1/quantity.ts";

/** Whether a canary may take the model; reason and message become the Validated condition as they are. */
export interface ValidationVerdict {
  readonly passed: boolean;
  readonly reason: string;
  readonly message: string;
}

/** The held-out win rate against its minimum. The trainer counts a tie one half. */
export function passesValidation(
  { heldOutWinRate }: DPOJobSpec["validation"],
  { validation }: TrainResult,
): ValidationVerdict {
  const measured = validation.heldOutWinRate;
  if (measured === null) {
    const message = "the snapshot has no held-out pair that can be judged: raise spec.split.heldOut of the dataset";
    return { passed: false, reason: "NothingHeldOut", message };
  }
  const [low, high] = measured.interval.map((bound) => formatPercent(bound));
  const found = `held-out win rate ${formatPercent(measured.value)} (${low} to ${high}, ${measured.samples} pairs)`;
  if (measured.value >= parsePercent(heldOutWinRate.min))
    return { passed: true, reason: "ValidationPassed", message: `${found}, at least ${heldOutWinRate.min} asked for` };
  return {
    passed: false,
    reason: "HeldOutWinRateTooLow",
    message: `${found}, spec.validation.heldOutWinRate.min is ${heldOutWinRate.min}`,
  };
}
