import { type Architecture, describe, initialWeights, type Model } from "../src/model/architecture.ts";
import { VOCABULARY } from "../src/model/tokenizer.ts";
import { seededRandom } from "../src/random.ts";

const small: Architecture = {
  ...{ vocabulary: VOCABULARY, width: 16, heads: 2, layers: 2, hidden: 32, lookback: 2 },
  ...{ context: 64, temperature: 1 },
};

/** Untrained, small enough for tfjs without its native library. */
export function smallModel(seed = 1): Model {
  const config = describe(small);
  return { config, weights: initialWeights(config, seededRandom(seed)) };
}
