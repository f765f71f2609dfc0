import type { Rank, Tensor, Tf } from "../backend.ts";
import { NORM_EPSILON } from "./architecture.ts";

/**
 * The functions of the model whose gradients tfjs would build from dozens of small operations, each of which
 * costs more to start than to run at this size. Their gradients are written out here.
 */
export interface Fused {
  /** For each place the sum of one row of each table; `tables` holds them one below the other, `tokens` an index each. */
  lookUp(tables: Tensor, tokens: readonly Tensor<Rank.R1>[]): Tensor<Rank.R2>;
  /** Root mean square norm of each row with a gain (Zhang and Sennrich 2019). */
  norm(x: Tensor, gain: Tensor): Tensor<Rank.R2>;
  /** max(x, 0)² (So et al. 2021) */
  squaredRelu(x: Tensor): Tensor<Rank.R2>;
  /** Log-probability of each row's target; `targets` is one-hot. */
  targetLogp(logits: Tensor, targets: Tensor): Tensor<Rank.R1>;
}

export function fused(tf: Tf): Fused {
  type Gradient = { value: Tensor; gradFunc: (dy: Tensor, saved: Tensor[]) => Tensor[] };
  // tfjs types the gradient function loosely: (...args: Array<Tensor | GradSaveFunc>).
  function withGradient(
    build: (inputs: Tensor[], save: (tensors: Tensor[]) => void) => Gradient,
    inputs: Tensor[],
  ): Tensor {
    return tf.customGrad((...args) => {
      const save = args.at(-1) as (tensors: Tensor[]) => void;
      return build(args.slice(0, -1) as Tensor[], save);
    })(...inputs);
  }

  function lookUp(tables: Tensor, tokens: readonly Tensor<Rank.R1>[]): Tensor<Rank.R2> {
    const rows = (tables.shape[0] ?? 0) / tokens.length;
    return withGradient(
      ([input], save) => {
        save([...tokens]);
        const parts = tf.split(input as Tensor, tokens.length);
        const found = tokens.map((indices, i) => tf.gather(parts[i] as Tensor, indices));
        return {
          value: tf.addN(found),
          gradFunc: (dy, saved) => [tf.concat(saved.map((indices) => tf.matMul(tf.oneHot(indices, rows), dy, true)))],
        };
      },
      [tables],
    ) as Tensor<Rank.R2>;
  }

  function norm(x: Tensor, gain: Tensor): Tensor<Rank.R2> {
    return withGradient(
      ([input, by], save) => {
        const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(input as Tensor), 1, true), NORM_EPSILON));
        const normed = tf.mul(input as Tensor, inverse);
        save([normed, inverse, by as Tensor]);
        return { value: tf.mul(normed, by as Tensor), gradFunc: normGradient };
      },
      [x, gain],
    ) as Tensor<Rank.R2>;
  }

  function normGradient(dy: Tensor, [normed, inverse, by]: Tensor[]): Tensor[] {
    if (normed === undefined || inverse === undefined || by === undefined) throw new Error("norm saved too little");
    const dNormed = tf.mul(dy, by);
    const along = tf.mean(tf.mul(dNormed, normed), 1, true);
    return [tf.mul(tf.sub(dNormed, tf.mul(normed, along)), inverse), tf.sum(tf.mul(dy, normed), 0)];
  }

  function squaredRelu(x: Tensor): Tensor<Rank.R2> {
    return withGradient(
      ([input], save) => {
        const positive = tf.relu(input as Tensor);
        save([positive]);
        return {
          value: tf.mul(positive, positive),
          gradFunc: (dy, [saved]) => [tf.mul(tf.mul(dy, saved as Tensor), 2)],
        };
      },
      [x],
    ) as Tensor<Rank.R2>;
  }

  function targetLogp(logits: Tensor, targets: Tensor): Tensor<Rank.R1> {
    return withGradient(
      ([input], save) => {
        const logps = tf.logSoftmax(input as Tensor);
        save([logps, targets]);
        return {
          value: tf.sum(tf.mul(logps, targets), 1),
          gradFunc: targetGradient,
        };
      },
      [logits],
    ) as Tensor<Rank.R1>;
  }

  function targetGradient(dy: Tensor, [logps, targets]: Tensor[]): Tensor[] {
    if (logps === undefined || targets === undefined) throw new Error("targetLogp saved too little");
    return [tf.mul(tf.sub(targets, tf.exp(logps)), tf.expandDims(dy, 1))];
  }

  return { lookUp, norm, squaredRelu, targetLogp };
}
