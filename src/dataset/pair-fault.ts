import { LIMITS } from "../api/contracts/collector-api.ts";
import type { InvalidReason } from "../api/contracts/profile.ts";
import { comparisonForm } from "./comparison-form.ts";

export interface PairTexts {
  prompt: string;
  chosen: string;
  rejected: string;
}

export interface PairFault {
  reason: InvalidReason;
  message: string;
}

const fields = ["prompt", "chosen", "rejected"] as const;
const emptyReason = { prompt: "EmptyPrompt", chosen: "EmptyChosen", rejected: "EmptyRejected" } as const;

/** Why a model cannot be tuned on a pair; undefined when it can. */
export function pairFault(texts: Record<keyof PairTexts, unknown>): PairFault | undefined {
  for (const field of fields) {
    const fault = textFault(field, texts[field]);
    if (fault !== undefined) return fault;
  }
  if (comparisonForm(String(texts.chosen)) === comparisonForm(String(texts.rejected))) {
    return { reason: "ChosenEqualsRejected", message: "chosen and rejected are the same text: nothing was preferred" };
  }
  return undefined;
}

function textFault(field: keyof PairTexts, value: unknown): PairFault | undefined {
  if (typeof value !== "string") return { reason: "NotText", message: `${field} must be text, it is ${nameOf(value)}` };
  // Neither survives the way through a store and a Parquet file unchanged.
  if (!value.isWellFormed() || value.includes("\0")) {
    return { reason: "NotText", message: `${field} holds U+0000 or half a surrogate pair: it is not text` };
  }
  if (comparisonForm(value) === "") return { reason: emptyReason[field], message: `${field} is empty` };
  if (value.length > LIMITS.text) {
    return { reason: "TooLong", message: `${field} has ${value.length} characters, at most ${LIMITS.text} are taken` };
  }
  return undefined;
}

function nameOf(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `of type ${typeof value}`;
}
