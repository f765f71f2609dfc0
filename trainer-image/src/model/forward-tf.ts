import type { Rank, Tensor, Tf } from "../backend.ts";
import { distanceSlopes, type ModelConfig, sizeOf } from "./architecture.ts";
import { type Fused, fused } from "./fused.ts";
import { PAD } from "./tokenizer.ts";

/** Rows of equal length: `inputs[t]` is followed by `targets[t]`, whose log-probability counts where `counted[t]` is 1. */
export interface Batch {
  rows: number;
  length: number;
  inputs: Int32Array;
  targets: Int32Array;
  counted: Float32Array;
}

const masked = -1e9;

/** The model as tfjs sees it: differentiable in `theta`, the vector of all parameters. */
export class Forward {
  readonly #tf: Tf;
  readonly #config: ModelConfig;
  readonly #fused: Fused;
  readonly #distances = new Map<number, Tensor>();

  constructor(tf: Tf, config: ModelConfig) {
    this.#tf = tf;
    this.#config = config;
    this.#fused = fused(tf);
  }

  /** Sums of the counted log-probabilities, shape [rows]. */
  logps(theta: Tensor, batch: Batch): Tensor<Rank.R1> {
    const tf = this.#tf;
    const { rows, length } = batch;
    const logits = this.logits(theta, batch);
    const targets = tf.oneHot(tf.tensor1d(batch.targets, "int32"), this.#config.vocabulary);
    const logp = this.#fused.targetLogp(logits, targets);
    return tf.sum(tf.mul(tf.reshape(logp, [rows, length]), tf.tensor2d(batch.counted, [rows, length])), 1);
  }

  /** Shape [rows · length, vocabulary]. */
  logits(theta: Tensor, { rows, length, inputs }: Batch): Tensor<Rank.R2> {
    const tf = this.#tf;
    const { parameters, layers, lookback, vocabulary } = this.#config;
    const { lookUp, norm, squaredRelu } = this.#fused;
    const parts = tf.split(theta as Tensor<Rank.R1>, parameters.map(sizeOf));
    const parameter = new Map(
      parameters.map(({ name, shape }, i) => [name, tf.reshape<Rank>(parts[i] as Tensor, shape) as Tensor<Rank.R2>]),
    );
    function named(name: string): Tensor<Rank.R2> {
      const found = parameter.get(name);
      if (found === undefined) throw new Error(`the model has no parameter ${name}`);
      return found;
    }
    const embedding = named("embedding");
    const tokens = Array.from({ length: lookback }, (_, back) => tf.tensor1d(before(inputs, length, back), "int32"));
    let x: Tensor = lookUp(embedding, tokens);
    for (let layer = 0; layer < layers; layer++) {
      const at = `layers.${layer}`;
      const seen = norm(x, named(`${at}.attention.norm`));
      const mixed = this.#attend(tf.matMul(seen, named(`${at}.attention.in`)), rows, length);
      x = tf.add(x, tf.matMul(mixed, named(`${at}.attention.out`)));
      const hidden = tf.matMul(norm(x, named(`${at}.feedforward.norm`)), named(`${at}.feedforward.in`));
      x = tf.add(x, tf.matMul(squaredRelu(hidden), named(`${at}.feedforward.out`)));
    }
    const output = tf.slice(embedding, [0, 0], [vocabulary, -1]);
    return tf.matMul(norm(x, named("norm")), output, false, true) as Tensor<Rank.R2>;
  }

  /** Causal attention; `qkv` has shape [rows · length, 3 · width]. */
  #attend(qkv: Tensor, rows: number, length: number): Tensor<Rank.R2> {
    const tf = this.#tf;
    const { heads, width } = this.#config;
    const size = width / heads;
    const [q, k, v] = tf.unstack(tf.transpose(tf.reshape(qkv, [rows, length, 3, heads, size]), [2, 0, 3, 1, 4]));
    if (q === undefined || k === undefined || v === undefined) throw new Error("unstack gave fewer than three parts");
    const scores = tf.matMul(tf.mul(q, 1 / Math.sqrt(size)), k, false, true);
    const weights = tf.softmax(tf.add(scores, this.#distancePenalty(length)));
    return tf.reshape(tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]), [rows * length, width]);
  }

  #distancePenalty(length: number): Tensor {
    const found = this.#distances.get(length);
    if (found !== undefined) return found;
    const slopes = distanceSlopes(this.#config.heads);
    const values = new Float32Array(slopes.length * length * length).fill(masked);
    for (const [head, slope] of slopes.entries()) {
      for (let to = 0; to < length; to++) {
        for (let from = 0; from <= to; from++) values[(head * length + to) * length + from] = slope * (from - to);
      }
    }
    const penalty = this.#tf.keep(this.#tf.tensor3d(values, [slopes.length, length, length]));
    this.#distances.set(length, penalty);
    return penalty;
  }
}

/** The token `back` places before each place of its row; PAD stands before the beginning. */
function before(inputs: Int32Array, length: number, back: number): Int32Array {
  return inputs.map((_, at) => (at % length < back ? PAD : (inputs[at - back] ?? PAD)));
}
