import { sha256Hex } from "../artifacts/digest.ts";
import { comparisonForm } from "./comparison-form.ts";
import type { PairTexts } from "./pair-fault.ts";

export interface PairKeys {
  /** stands for a prompt and two answers, whichever was chosen */
  pair: string;
  /** whether the first of the two was chosen */
  chosenFirst: boolean;
}

/**
 * The two answers are put in order by a hash that involves the prompt: an order by text would put a fixed phrase on
 * one side, and agreement by chance would look larger than it is.
 */
export function pairKeys({ prompt, chosen, rejected }: PairTexts): PairKeys {
  const about = comparisonForm(prompt);
  const chosenKey = sha256Hex(JSON.stringify([about, comparisonForm(chosen)]));
  const rejectedKey = sha256Hex(JSON.stringify([about, comparisonForm(rejected)]));
  const chosenFirst = chosenKey < rejectedKey;
  return { pair: chosenFirst ? `${chosenKey}${rejectedKey}` : `${rejectedKey}${chosenKey}`, chosenFirst };
}
