import type { Batch } from "./forward-tf.ts";
import { PAD } from "./tokenizer.ts";

/** What the model reads, and from where on it is what the model should have written. */
export interface Sequence {
  tokens: readonly number[];
  /** index of the first token of the answer */
  answerStart: number;
}

/** Lengths are rounded up, so that few shapes occur and buffers are reused. */
const step = 16;

/** Pads on the right; only the answer's tokens count. */
export function makeBatch(sequences: readonly Sequence[]): Batch {
  const rows = sequences.length;
  const longest = Math.max(...sequences.map(({ tokens }) => tokens.length - 1));
  const length = Math.ceil(longest / step) * step;
  const inputs = new Int32Array(rows * length).fill(PAD);
  const targets = new Int32Array(rows * length).fill(PAD);
  const counted = new Float32Array(rows * length);
  for (const [row, { tokens, answerStart }] of sequences.entries()) {
    for (let t = 0; t + 1 < tokens.length; t++) {
      const at = row * length + t;
      inputs[at] = tokens[t] ?? PAD;
      targets[at] = tokens[t + 1] ?? PAD;
      counted[at] = t + 1 >= answerStart ? 1 : 0;
    }
  }
  return { rows, length, inputs, targets, counted };
}

export function countedTokens({ counted }: Batch): number {
  return counted.reduce((sum, value) => sum + value, 0);
}
