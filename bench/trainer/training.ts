/**
 * How well the reference trainer moves the demo's base model, without a cluster:
 *   node bench/trainer/training.ts '{"seeds":[1],"pairs":480,"beta":0.1,…}'
 * Prints a line of JSON for each seed and taste.
 */
import { z } from "zod";
import { ensureNativeTfjs } from "../../hack/tools/tfjs.ts";
import { loadBackend } from "../../trainer-image/src/backend.ts";
import { pretrain } from "../../trainer-image/src/base/pretrain.ts";
import type { Taste } from "../../trainer-image/src/demo/utility.ts";
import type { Model } from "../../trainer-image/src/model/architecture.ts";
import { prepare } from "../../trainer-image/src/model/infer.ts";
import { seededRandom } from "../../trainer-image/src/random.ts";
import { evaluate } from "../../trainer-image/src/train/evaluate.ts";
import { type Optimization, optimize } from "../../trainer-image/src/train/optimize.ts";
import { encodePairs } from "../../trainer-image/src/train/pairs.ts";
import { compare, simulatePreferences } from "./preferences.ts";

const settings = z
  .object({
    seeds: z.array(z.int()).default([1]),
    tastes: z.array(z.enum(["Courteous", "Curt"])).default(["Courteous", "Curt"]),
    pairs: z.int().default(480),
    comparisons: z.int().default(1000),
    noise: z.number().default(0.1),
    beta: z.number().default(1),
    epochs: z.int().default(1),
    learningRate: z.number().default(2.5e-4),
    batchSize: z.int().default(8),
    gradientAccumulation: z.int().default(1),
    maxLength: z.int().default(256),
  })
  .parse(JSON.parse(process.argv[2] ?? "{}"));

const heldOutShare = 0.2;

await ensureNativeTfjs();
const { tf, name } = await loadBackend();

function cpuSeconds(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return Math.round((user + system) / 1e4) / 100;
}

async function run(base: Model, seed: number, taste: Taste): Promise<object> {
  const { beta, noise, comparisons, maxLength } = settings;
  const random = seededRandom(1000 + seed);
  const stable = prepare(base);
  const collected = await simulatePreferences(stable, { pairs: settings.pairs, taste, noise }, random);
  const cut = Math.round(heldOutShare * collected.length);
  const heldOut = encodePairs(collected.slice(0, cut), maxLength).pairs;
  const pairs = encodePairs(collected.slice(cut), maxLength).pairs;
  const model = { config: base.config, weights: base.weights.slice() };
  const signal = new AbortController().signal;
  const options: Optimization = { tf, model, beta, training: { ...settings, seed }, signal, onStep: () => undefined };
  const cpu = process.cpuUsage();
  const started = performance.now();
  const loss = await optimize(pairs, options);
  const seconds = (performance.now() - started) / 1000;
  const trainingCpu = cpuSeconds(cpu);
  const { heldOutWinRate } = await evaluate(heldOut, base.weights, options);
  const judged = await compare(prepare(model), stable, { comparisons, noise }, random);
  return { seed, taste, seconds, trainingCpu, ...loss, heldOut: heldOutWinRate, ...judged };
}

for (const seed of settings.seeds) {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const base = pretrain(tf, seed, () => undefined);
  const seconds = (performance.now() - started) / 1000;
  const own = await compare(prepare(base), prepare(base), { comparisons: 300, noise: 0 }, seededRandom(seed));
  console.log(JSON.stringify({ backend: name, base: seed, seconds, cpu: cpuSeconds(cpu), ...own }));
  for (const taste of settings.tastes) console.log(JSON.stringify(await run(base, seed, taste)));
}
