import { setImmediate } from "node:timers/promises";
import type { TrainConfig } from "../../../src/api/contracts/train.ts";
import type { Tensor, Tf } from "../backend.ts";
import type { Model } from "../model/architecture.ts";
import { type Batch, Forward } from "../model/forward-tf.ts";
import { valueAndGradient } from "../model/gradient.ts";
import { PAD } from "../model/tokenizer.ts";
import { seededRandom, shuffled } from "../random.ts";
import { Adam, linearSchedule } from "./adam.ts";
import { pairBatch, rewardMargins, sigmoidLoss } from "./dpo.ts";
import { TrainingError } from "./failure.ts";
import type { Pair } from "./pairs.ts";

/** One optimizer step, averaged over its pairs. */
export interface StepMetrics {
  /** counts from 1 */
  step: number;
  totalSteps: number;
  loss: number;
  /** share of pairs with a positive margin */
  rewardAccuracy: number;
  rewardMargin: number;
  /** of chosen and rejected sequences, padding excluded */
  tokens: number;
}

export interface Optimization {
  tf: Tf;
  model: Model;
  beta: number;
  training: TrainConfig["training"];
  /** Aborted when the pod is told to stop. */
  signal: AbortSignal;
  onStep: (metrics: StepMetrics) => void;
}

interface ReferencedBatch {
  batch: Batch;
  reference: Float32Array;
  pairs: number;
}

const lossAtStart = Math.log(2);
const lossTolerance = 1e-6;

/** Trains `model.weights` in place on the pairs. Throws TrainingError. */
export async function optimize(
  pairs: readonly Pair[],
  options: Optimization,
): Promise<{ first: number; last: number }> {
  const { tf, model, training } = options;
  const forward = new Forward(tf, model.config);
  const random = seededRandom(training.seed);
  // The reference passes over the batches of the first epoch: the same rows side by side round the same, so the
  // first loss is ln 2 to the last digit that single precision has, and anything else is a fault.
  const order = shuffled(pairs, random);
  const references = await referenceLogps(order, forward, options);
  const adam = new Adam(model.weights.length);
  const size = training.batchSize * training.gradientAccumulation;
  const totalSteps = training.epochs * Math.ceil(pairs.length / size);
  let step = 0;
  let first = Number.NaN;
  let last = Number.NaN;
  for (let epoch = 0; epoch < training.epochs; epoch++) {
    const epochOrder = epoch === 0 ? order : shuffled(order, random);
    for (const group of chunks(epochOrder, size)) {
      await stopIfAsked(options.signal, `step ${step + 1} of ${totalSteps}`);
      const batches = chunks(group, training.batchSize).map((part) => referenced(part, references));
      const { gradient, metrics } = accumulate(batches, forward, options);
      if (step === 0) requireLn2(metrics.loss);
      requireFinite(metrics.loss, step + 1);
      adam.step(model.weights, gradient, linearSchedule(training.learningRate, step, totalSteps));
      step++;
      last = metrics.loss;
      if (step === 1) first = last;
      options.onStep({ step, totalSteps, ...metrics });
    }
  }
  return { first, last };
}

/** Log-probabilities of both answers under the weights that training starts from. */
async function referenceLogps(
  pairs: readonly Pair[],
  forward: Forward,
  { tf, model, training, signal }: Optimization,
): Promise<Map<Pair, [number, number]>> {
  const references = new Map<Pair, [number, number]>();
  for (const part of chunks(pairs, training.batchSize)) {
    await stopIfAsked(signal, "the pass of the reference model");
    const logps = batchLogps(tf, forward, model.weights, pairBatch(part));
    for (const [i, pair] of part.entries()) {
      references.set(pair, [logps[i] ?? Number.NaN, logps[part.length + i] ?? Number.NaN]);
    }
  }
  return references;
}

export function batchLogps(tf: Tf, forward: Forward, weights: Float32Array, batch: Batch): Float32Array {
  const logps = tf.tidy(() => forward.logps(tf.tensor1d(weights), batch));
  const values = logps.dataSync<"float32">();
  logps.dispose();
  return values;
}

function referenced(pairs: readonly Pair[], references: Map<Pair, [number, number]>): ReferencedBatch {
  const found = pairs.map((pair) => references.get(pair) ?? [Number.NaN, Number.NaN]);
  const reference = Float32Array.from([...found.map(([chosen]) => chosen), ...found.map(([, rejected]) => rejected)]);
  return { batch: pairBatch(pairs), reference, pairs: pairs.length };
}

/** Mean loss and gradient over all pairs of the batches: the same as one batch of them all, in less memory. */
function accumulate(
  batches: readonly ReferencedBatch[],
  forward: Forward,
  { tf, model, beta }: Optimization,
): { gradient: Float32Array; metrics: Omit<StepMetrics, "step" | "totalSteps"> } {
  const total = batches.reduce((sum, { pairs }) => sum + pairs, 0);
  const gradient = new Float32Array(model.weights.length);
  const metrics = { loss: 0, rewardAccuracy: 0, rewardMargin: 0, tokens: 0 };
  for (const { batch, reference } of batches) {
    let margins: Tensor | undefined;
    function loss(theta: Tensor): Tensor {
      const found = rewardMargins(tf, forward.logps(theta, batch), reference, beta);
      margins = tf.keep(found);
      return tf.div(tf.sum(sigmoidLoss(tf, found)), total);
    }
    const part = valueAndGradient(tf, loss, model.weights);
    for (let i = 0; i < gradient.length; i++) gradient[i] = (gradient[i] ?? 0) + (part.gradient[i] ?? 0);
    metrics.loss += part.value;
    for (const margin of margins?.dataSync() ?? []) {
      metrics.rewardAccuracy += margin > 0 ? 1 / total : 0;
      metrics.rewardMargin += margin / total;
    }
    margins?.dispose();
    metrics.tokens += batch.inputs.reduce((sum, token) => sum + (token === PAD ? 0 : 1), 0);
  }
  return { gradient, metrics };
}

/** Lets a signal be heard, and ends the training if there was one. */
export async function stopIfAsked(signal: AbortSignal, where: string): Promise<void> {
  await setImmediate();
  if (!signal.aborted) return;
  throw new TrainingError(
    "Interrupted",
    `the pod was told to stop at ${where}: nothing was published, run the job again`,
  );
}

function requireLn2(loss: number): void {
  if (Math.abs(loss - lossAtStart) <= lossTolerance) return;
  throw new TrainingError(
    "FirstLossWrong",
    `the first loss is ${loss}, it must be ln 2 = ${lossAtStart} since the model starts as its own reference: ` +
      "the forward pass is not deterministic or the reference belongs to other weights; report this with the job's settings",
  );
}

function requireFinite(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new TrainingError("LossNotFinite", `the loss is ${loss} at step ${step}: lower training.learningRate`);
}

export function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
