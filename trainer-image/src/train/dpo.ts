import type { Rank, Tensor, Tf } from "../backend.ts";
import { makeBatch } from "../model/batch.ts";
import type { Batch } from "../model/forward-tf.ts";
import type { Pair } from "./pairs.ts";

/** The batch of n pairs: the n chosen sequences, then the n rejected ones, as TRL stacks them. */
export function pairBatch(pairs: readonly Pair[]): Batch {
  return makeBatch([...pairs.map((pair) => pair.chosen), ...pairs.map((pair) => pair.rejected)]);
}

/**
 * How much more the policy prefers chosen to rejected than the reference does:
 * z = β · ((log π(chosen) - log π(rejected)) - (log ref(chosen) - log ref(rejected))), shape [n].
 * Log-probabilities are sums over the answer's tokens with its end; `logps` has shape [2n], chosen first.
 */
export function rewardMargins(tf: Tf, logps: Tensor<Rank.R1>, reference: Float32Array, beta: number): Tensor<Rank.R1> {
  const pairs = reference.length / 2;
  const [chosen, rejected] = tf.split(logps, 2);
  if (chosen === undefined || rejected === undefined) throw new Error("split gave fewer than two parts");
  const gap = Float32Array.from({ length: pairs }, (_, i) => (reference[i] ?? 0) - (reference[pairs + i] ?? 0));
  return tf.mul(tf.sub(tf.sub(chosen, rejected), tf.tensor1d(gap)), beta);
}

/** The DPO loss of each pair, -log σ(z) (Rafailov et al. 2023, equation 7; TRL's loss_type "sigmoid"), shape [n]. */
export function sigmoidLoss(tf: Tf, margins: Tensor<Rank.R1>): Tensor<Rank.R1> {
  return tf.softplus(tf.neg(margins));
}
