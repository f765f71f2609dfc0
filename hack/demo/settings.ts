import { dataset, type Model, NAMES } from "./objects.ts";

/** Pairs for a snapshot of the loop: enough for the tiny model to learn a style. */
export const LOOP_PAIRS = 450;

/**
 * Found over several seeds: people then prefer the model in three of four comparisons. Twice the learning rate makes it
 * four of five, and once in a dozen trainings a model that has the style and has forgotten how to write, which the canary
 * rightly takes back; so does a smaller beta.
 */
const TRAINING = { epochs: 1, learningRate: "2.5e-4", batchSize: 8, gradientAccumulation: 1, maxLength: 256, seed: 42 };
const BETA = "1";

export function loopDataset(name: string, base: Model) {
  return dataset({
    name,
    base,
    minPairs: LOOP_PAIRS,
    publishTo: NAMES.canary,
    training: TRAINING,
    beta: BETA,
    // 90 held-out pairs, judged with noise, measure a good model at 80% give or take 8.
    minWinRate: "65%",
  });
}

/** People's own texts: longer, and nothing says that a tiny model can tell them apart, so any result is a result. */
export function pairsDataset(name: string, base: Model, pairs: number) {
  return dataset({
    name,
    base,
    // Some may be left out as duplicates or invalid; what is left is trained on.
    minPairs: Math.max(1, Math.floor(pairs / 2)),
    training: TRAINING,
    beta: "0.1",
    minWinRate: "50%",
  });
}
