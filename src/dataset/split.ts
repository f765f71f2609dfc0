import { sha256Hex } from "../artifacts/digest.ts";
import { comparisonForm } from "./comparison-form.ts";

/** In the order in which they get a prompt when there are few. */
export const splitNames = ["train", "heldOut", "validation"] as const;

export type SplitName = (typeof splitNames)[number];

/** Shares of the prompts; the rest trains. */
export interface SplitShares {
  validation: number;
  heldOut: number;
}

/** Part of every snapshot's settings: another salt would move prompts that a model was trained on into its test. */
export const splitSalt = "dpo.dev/split/v1";

/** Hex sha256 that stands for a prompt, and by which it is split. */
export function promptKey(prompt: string): string {
  return sha256Hex(JSON.stringify([splitSalt, comparisonForm(prompt)]));
}

/** A prompt's split depends on the prompt alone, so that it stays where it is as the dataset grows. */
export function splitOf(key: string, { validation, heldOut }: SplitShares): SplitName {
  const point = Number.parseInt(key.slice(0, 12), 16) / 2 ** 48;
  if (point < heldOut) return "heldOut";
  return point < heldOut + validation ? "validation" : "train";
}

/** The splits that a snapshot of enough prompts must not leave empty. */
export function wantedSplits({ validation, heldOut }: SplitShares): SplitName[] {
  const share: Record<SplitName, number> = { train: 1 - validation - heldOut, heldOut, validation };
  return splitNames.filter((name) => share[name] > 0);
}
