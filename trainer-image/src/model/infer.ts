import { distanceSlopes, type Model, type ModelConfig, NORM_EPSILON, sizeOf } from "./architecture.ts";
import { PAD } from "./tokenizer.ts";

interface Layer {
  attentionNorm: Float32Array;
  /** matrices are transposed: one row an output, so that a product reads memory in order */
  attentionIn: Float32Array;
  attentionOut: Float32Array;
  feedforwardNorm: Float32Array;
  feedforwardIn: Float32Array;
  feedforwardOut: Float32Array;
}

/** A model ready to answer, in plain TypeScript: the server needs neither tfjs nor TensorFlow. */
export interface Weights {
  config: ModelConfig;
  embedding: Float32Array;
  /** the part of the embedding that turns the last state into logits */
  output: Float32Array;
  layers: Layer[];
  norm: Float32Array;
  slopes: number[];
}

export function prepare({ config, weights }: Model): Weights {
  const matrices = new Map<string, Float32Array>();
  let at = 0;
  for (const parameter of config.parameters) {
    const values = weights.subarray(at, at + sizeOf(parameter));
    const [inputs = 1, outputs] = parameter.shape;
    const asIs = outputs === undefined || parameter.name === "embedding";
    matrices.set(parameter.name, asIs ? values : transposed(values, inputs, outputs));
    at += values.length;
  }
  function named(name: string): Float32Array {
    const found = matrices.get(name);
    if (found === undefined) throw new Error(`the model has no parameter ${name}`);
    return found;
  }
  const embedding = named("embedding");
  return {
    config,
    embedding,
    output: embedding.subarray(0, config.vocabulary * config.width),
    layers: Array.from({ length: config.layers }, (_, layer) => ({
      attentionNorm: named(`layers.${layer}.attention.norm`),
      attentionIn: named(`layers.${layer}.attention.in`),
      attentionOut: named(`layers.${layer}.attention.out`),
      feedforwardNorm: named(`layers.${layer}.feedforward.norm`),
      feedforwardIn: named(`layers.${layer}.feedforward.in`),
      feedforwardOut: named(`layers.${layer}.feedforward.out`),
    })),
    norm: named("norm"),
    slopes: distanceSlopes(config.heads),
  };
}

function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      result[column * rows + row] = values[row * columns + column] ?? 0;
    }
  }
  return result;
}

interface Cache {
  keys: Float32Array;
  values: Float32Array;
}

/** One conversation: remembers what it has read, so that each further token costs one pass. */
export class Inference {
  readonly #weights: Weights;
  readonly #tokens: number[] = [];
  readonly #caches: Cache[];
  readonly #x: Float32Array;
  readonly #normed: Float32Array;
  readonly #qkv: Float32Array;
  readonly #mixed: Float32Array;
  readonly #hidden: Float32Array;
  readonly #scores: Float32Array;
  readonly #logits: Float32Array;

  /** `capacity`: tokens it can read at most, no more than the model's context. */
  constructor(weights: Weights, capacity: number) {
    const { width, hidden, layers, vocabulary } = weights.config;
    this.#weights = weights;
    this.#caches = Array.from({ length: layers }, () => ({
      keys: new Float32Array(capacity * width),
      values: new Float32Array(capacity * width),
    }));
    this.#x = new Float32Array(width);
    this.#normed = new Float32Array(width);
    this.#qkv = new Float32Array(3 * width);
    this.#mixed = new Float32Array(width);
    this.#hidden = new Float32Array(hidden);
    this.#scores = new Float32Array(capacity);
    this.#logits = new Float32Array(vocabulary);
  }

  /** Reads one token. */
  read(token: number): void {
    const { layers } = this.#weights;
    const place = this.#tokens.length;
    this.#tokens.push(token);
    this.#embed(place);
    for (const [index, layer] of layers.entries()) {
      const cache = this.#caches[index];
      if (cache === undefined) throw new Error(`layer ${index} has no cache`);
      this.#attend(layer, cache, place);
      this.#feedForward(layer);
    }
  }

  /** Logits of the token after the last one read; the same buffer each time. */
  logits(): Float32Array {
    normalize(this.#x, this.#weights.norm, this.#normed);
    multiply(this.#weights.output, this.#normed, this.#logits);
    return this.#logits;
  }

  #embed(place: number): void {
    const { config, embedding } = this.#weights;
    const { lookback, vocabulary, width } = config;
    this.#x.fill(0);
    for (let back = 0; back < lookback; back++) {
      const token = this.#tokens[place - back] ?? PAD;
      const row = (back * vocabulary + token) * width;
      for (let i = 0; i < width; i++) this.#x[i] = (this.#x[i] ?? 0) + (embedding[row + i] ?? 0);
    }
  }

  #attend(layer: Layer, cache: Cache, place: number): void {
    const { config, slopes } = this.#weights;
    const { width, heads } = config;
    normalize(this.#x, layer.attentionNorm, this.#normed);
    multiply(layer.attentionIn, this.#normed, this.#qkv);
    cache.keys.set(this.#qkv.subarray(width, 2 * width), place * width);
    cache.values.set(this.#qkv.subarray(2 * width), place * width);
    const size = width / heads;
    this.#mixed.fill(0);
    for (let head = 0; head < heads; head++) this.#attendHead(cache, place, head * size, size, slopes[head] ?? 0);
    multiply(layer.attentionOut, this.#mixed, this.#normed);
    add(this.#x, this.#normed);
  }

  #attendHead({ keys, values }: Cache, place: number, offset: number, size: number, slope: number): void {
    const { width } = this.#weights.config;
    const query = this.#qkv;
    const scores = this.#scores;
    const mixed = this.#mixed;
    const scale = 1 / Math.sqrt(size);
    let highest = Number.NEGATIVE_INFINITY;
    for (let from = 0; from <= place; from++) {
      const key = from * width + offset;
      let dot = 0;
      for (let i = 0; i < size; i++) dot += (query[offset + i] as number) * (keys[key + i] as number);
      const score = dot * scale - slope * (place - from);
      scores[from] = score;
      if (score > highest) highest = score;
    }
    let total = 0;
    for (let from = 0; from <= place; from++) {
      const weight = Math.exp((scores[from] as number) - highest);
      total += weight;
      const value = from * width + offset;
      for (let i = 0; i < size; i++) {
        mixed[offset + i] = (mixed[offset + i] as number) + weight * (values[value + i] as number);
      }
    }
    for (let i = 0; i < size; i++) mixed[offset + i] = (mixed[offset + i] as number) / total;
  }

  #feedForward(layer: Layer): void {
    const hidden = this.#hidden;
    normalize(this.#x, layer.feedforwardNorm, this.#normed);
    multiply(layer.feedforwardIn, this.#normed, hidden);
    for (let i = 0; i < hidden.length; i++) {
      const value = hidden[i] as number;
      hidden[i] = value > 0 ? value * value : 0;
    }
    multiply(layer.feedforwardOut, hidden, this.#normed);
    add(this.#x, this.#normed);
  }
}

function add(x: Float32Array, y: Float32Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) + (y[i] as number);
}

function normalize(x: Float32Array, gain: Float32Array, result: Float32Array): void {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) ** 2;
  const inverse = 1 / Math.sqrt(sum / x.length + NORM_EPSILON);
  for (let i = 0; i < x.length; i++) result[i] = (x[i] as number) * inverse * (gain[i] as number);
}

/** result = matrix · x. Four rows at a time: each x[i] is read once for four products. */
function multiply(matrix: Float32Array, x: Float32Array, result: Float32Array): void {
  const inputs = x.length;
  const rows = result.length;
  for (let row = 0; row < rows; row += 4) {
    const a = row * inputs;
    const b = a + inputs;
    const c = b + inputs;
    const d = c + inputs;
    let first = 0;
    let second = 0;
    let third = 0;
    let fourth = 0;
    for (let i = 0; i < inputs; i++) {
      const value = x[i] as number;
      first += value * (matrix[a + i] as number);
      second += value * (matrix[b + i] as number);
      third += value * (matrix[c + i] as number);
      fourth += value * (matrix[d + i] as number);
    }
    result[row] = first;
    result[row + 1] = second;
    result[row + 2] = third;
    result[row + 3] = fourth;
  }
}
