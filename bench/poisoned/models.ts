import { opposite } from "../../hack/demo/poison.ts";
import { judge } from "../../hack/demo/raters.ts";
import { LOOP_PAIRS, loopDataset } from "../../hack/demo/settings.ts";
import { parseDecimal, parsePercent } from "../../src/api/v1alpha1/quantity.ts";
import { pairFault } from "../../src/dataset/pair-fault.ts";
import { promptKey, splitOf } from "../../src/dataset/split.ts";
import type { Tf } from "../../trainer-image/src/backend.ts";
import { pretrain } from "../../trainer-image/src/base/pretrain.ts";
import type { Model } from "../../trainer-image/src/model/architecture.ts";
import { prepare, type Weights } from "../../trainer-image/src/model/infer.ts";
import type { Random } from "../../trainer-image/src/random.ts";
import { evaluate } from "../../trainer-image/src/train/evaluate.ts";
import { type Optimization, optimize } from "../../trainer-image/src/train/optimize.ts";
import { encodePairs } from "../../trainer-image/src/train/pairs.ts";
import { answer } from "../trainer/answers.ts";

export interface Trained {
  readonly weights: Weights;
  /** Share of held-out pairs, by which the demo's validation lets it through or not. */
  readonly heldOut: number;
}

export interface Models {
  readonly base: Weights;
  readonly good: Trained;
  readonly poisoned: Trained;
}

interface Preference {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

const { split, retrain } = loopDataset("demo", { uri: "", digest: "" }).spec;
const { training, method, validation } = retrain.template.spec;
const SPLIT = { validation: parsePercent(split.validation), heldOut: parsePercent(split.heldOut) };

export const MIN_HELD_OUT = parsePercent(validation.heldOutWinRate.min);

/** What the demo's raters, and then those of the opposite taste, make of a base model. Takes the prompts that it needs. */
export async function makeModels(tf: Tf, seed: number, prompts: string[], random: Random): Promise<Models> {
  const model = pretrain(tf, seed, () => undefined);
  const base = prepare(model);
  const preferred: Preference[] = [];
  const contrary: Preference[] = [];
  while (preferred.length < LOOP_PAIRS) {
    const prompt = prompts.pop();
    if (prompt === undefined) throw new Error(`seed ${seed} has no prompt left after ${preferred.length} pairs`);
    const [a, b] = [await answer(base, prompt, random), await answer(base, prompt, random)];
    // As the collector: of one text nobody is asked.
    if (a === b) continue;
    preferred.push(...courteous({ prompt, a, b }, random).filter(isUsable));
    contrary.push(...opposite({ id: prompt, prompt, a, b }, random).filter(isUsable));
  }
  return { base, good: await train(tf, model, preferred), poisoned: await train(tf, model, contrary) };
}

function courteous({ prompt, a, b }: { prompt: string; a: string; b: string }, random: Random): Preference[] {
  const choice = judge({ a, b }, "Courteous", random);
  if (choice === "Tie") return [];
  return [choice === "A" ? { prompt, chosen: a, rejected: b } : { prompt, chosen: b, rejected: a }];
}

function isUsable(preference: Preference): boolean {
  return pairFault({ ...preference }) === undefined;
}

async function train(tf: Tf, base: Model, preferences: readonly Preference[]): Promise<Trained> {
  const model = { config: base.config, weights: base.weights.slice() };
  const options: Optimization = {
    ...{ tf, model, signal: new AbortController().signal, onStep: () => undefined },
    beta: parseDecimal(method.beta),
    training: { ...training, learningRate: parseDecimal(training.learningRate) },
  };
  await optimize(pairsOf("train", preferences), options);
  const { heldOutWinRate } = await evaluate(pairsOf("heldOut", preferences), base.weights, options);
  return { weights: prepare(model), heldOut: heldOutWinRate?.value ?? Number.NaN };
}

function pairsOf(name: "train" | "heldOut", preferences: readonly Preference[]) {
  const rows = preferences.filter(({ prompt }) => splitOf(promptKey(prompt), SPLIT) === name);
  return encodePairs(rows, training.maxLength).pairs;
}
