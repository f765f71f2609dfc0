import { generate } from "../../trainer-image/src/model/generate.ts";
import type { Weights } from "../../trainer-image/src/model/infer.ts";
import { decode, encodePrompt } from "../../trainer-image/src/model/tokenizer.ts";
import type { Random } from "../../trainer-image/src/random.ts";

/** What the model server would answer, without the server. */
export async function answer(weights: Weights, prompt: string, random: Random): Promise<string> {
  const { temperature } = weights.config;
  const pause = async () => undefined;
  const { tokens } = await generate(weights, encodePrompt(prompt), { maxTokens: 160, temperature, random, pause });
  return decode(tokens);
}
