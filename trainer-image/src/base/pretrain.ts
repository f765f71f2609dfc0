import type { Tensor, Tf } from "../backend.ts";
import { type Architecture, describe, initialWeights, type Model } from "../model/architecture.ts";
import { countedTokens, makeBatch } from "../model/batch.ts";
import { Forward } from "../model/forward-tf.ts";
import { valueAndGradient } from "../model/gradient.ts";
import { VOCABULARY } from "../model/tokenizer.ts";
import { seededRandom } from "../random.ts";
import { Adam, adamDefaults, linearSchedule } from "../train/adam.ts";
import { corpus } from "./corpus.ts";

export const baseArchitecture: Architecture = {
  vocabulary: VOCABULARY,
  width: 64,
  heads: 2,
  layers: 2,
  hidden: 256,
  lookback: 4,
  context: 1024,
  temperature: 0.7,
};

export interface Pretraining {
  steps: number;
  batchSize: number;
  learningRate: number;
}

export const pretraining: Pretraining = { steps: 150, batchSize: 12, learningRate: 8e-3 };

/** Teaches a fresh model to continue the corpus. `report` gets the mean loss of each step, in nats a byte. */
export function pretrain(
  tf: Tf,
  seed: number,
  report: (step: number, loss: number) => void,
  { steps, batchSize, learningRate }: Pretraining = pretraining,
  architecture: Architecture = baseArchitecture,
): Model {
  const random = seededRandom(seed);
  const config = describe(architecture);
  const weights = initialWeights(config, random);
  const nextChat = corpus(random);
  const forward = new Forward(tf, config);
  const adam = new Adam(weights.length, { ...adamDefaults, beta2: 0.98 });
  for (let step = 0; step < steps; step++) {
    const batch = makeBatch(Array.from({ length: batchSize }, nextChat));
    const tokens = countedTokens(batch);
    function loss(theta: Tensor): Tensor {
      return tf.neg(tf.div(tf.sum(forward.logps(theta, batch)), tokens));
    }
    const { value, gradient } = valueAndGradient(tf, loss, weights);
    adam.step(weights, gradient, linearSchedule(learningRate, step, steps));
    report(step, value);
  }
  return { config, weights };
}
