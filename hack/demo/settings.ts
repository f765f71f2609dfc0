import { dataset, type Model, NAMES } from "./objects.ts";

/** Pairs for a snapshot of the loop: enough for the tiny model to learn a style. */
export const LOOP_PAIRS = 400;

/** Found by training on 400 pairs with several seeds: four in five answers then have the style that people chose. */
const TRAINING = { epochs: 2, learningRate: "3e-4", batchSize: 16, gradientAccumulation: 1, maxLength: 256, seed: 42 };
const BETA = "0.3";

export function loopDataset(name: string, base: Model) {
  return dataset({
    name,
    base,
    minPairs: LOOP_PAIRS,
    publishTo: NAMES.canary,
    training: TRAINING,
    beta: BETA,
    // 80 held-out pairs, judged with noise, measure a good model at 75% give or take 10.
    minWinRate: "60%",
  });
}

/** People's own texts: longer, and nothing says that a tiny model can tell them apart, so any result is a result. */
export function pairsDataset(name: string, base: Model, pairs: number) {
  return dataset({
    name,
    base,
    // Some may be left out as duplicates or invalid; what is left is trained on.
    minPairs: Math.max(1, Math.floor(pairs / 2)),
    training: { ...TRAINING, epochs: 2 },
    beta: BETA,
    minWinRate: "50%",
  });
}
