import type { Sequence } from "../model/batch.ts";
import { encodeAnswer, encodePrompt } from "../model/tokenizer.ts";

/** A preference as the model reads it. */
export interface Pair {
  chosen: Sequence;
  rejected: Sequence;
}

export interface EncodedPairs {
  pairs: Pair[];
  /** preferences whose answers are the same text, or became it by truncation: nothing to learn from, left out */
  identical: number;
  /** preferences of which something was cut off, those left out included */
  truncated: number;
}

interface Preference {
  prompt: string;
  chosen: string;
  rejected: string;
}

export function encodePairs(preferences: readonly Preference[], maxLength: number): EncodedPairs {
  const pairs: Pair[] = [];
  let identical = 0;
  let truncated = 0;
  for (const { prompt, chosen, rejected } of preferences) {
    const cut = truncate(encodePrompt(prompt), [encodeAnswer(chosen), encodeAnswer(rejected)], maxLength);
    if (cut.truncated) truncated++;
    const [first, second] = cut.answers;
    if (sameTokens(first, second)) identical++;
    else pairs.push({ chosen: sequence(cut.prompt, first), rejected: sequence(cut.prompt, second) });
  }
  return { pairs, identical, truncated };
}

/**
 * Cuts a pair to `maxLength` tokens as the DPO paper's own code does: the prompt gives way first and keeps its end,
 * which is what the answers reply to, but never less than half of the room; then the answers lose their ends.
 * (TRL drops pairs whose prompt fills maxLength; of long conversations little would be left.)
 * Both answers keep the same prompt. An answer that was cut has no end token: the model is not told to stop there.
 */
export function truncate(
  prompt: number[],
  answers: [number[], number[]],
  maxLength: number,
): { prompt: number[]; answers: [number[], number[]]; truncated: boolean } {
  const longest = Math.max(answers[0].length, answers[1].length);
  if (prompt.length + longest <= maxLength) return { prompt, answers, truncated: false };
  const room = Math.max(maxLength - longest, Math.floor(maxLength / 2));
  const kept = prompt.slice(-room);
  const left = maxLength - kept.length;
  return { prompt: kept, answers: [answers[0].slice(0, left), answers[1].slice(0, left)], truncated: true };
}

function sequence(prompt: number[], answer: number[]): Sequence {
  return { tokens: [...prompt, ...answer], answerStart: prompt.length };
}

function sameTokens(a: number[], b: number[]): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}
