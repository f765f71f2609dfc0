/**
 * Latency of the model server and what one answer costs in CPU, over loopback:
 *   node bench/trainer/serving.ts
 * The weights are untrained and answers run to 70 bytes, the length of the demo's.
 */
import { baseArchitecture } from "../../trainer-image/src/base/pretrain.ts";
import { demoPrompts } from "../../trainer-image/src/demo/prompts.ts";
import { describe, initialWeights } from "../../trainer-image/src/model/architecture.ts";
import { prepare } from "../../trainer-image/src/model/infer.ts";
import { END } from "../../trainer-image/src/model/tokenizer.ts";
import { seededRandom } from "../../trainer-image/src/random.ts";
import { modelServer } from "../../trainer-image/src/serve/server.ts";

const requests = 500;
const answerBytes = 70;

const random = seededRandom(1);
const config = describe(baseArchitecture);
const weights = prepare({ config, weights: initialWeights(config, random) });
// Never end early: every answer costs the same.
weights.output.fill(0, END * config.width, (END + 1) * config.width);
const server = modelServer({ weights, digest: `sha256:${"0".repeat(64)}`, random, now: () => new Date() });
const address = await server.listen({ host: "127.0.0.1", port: 0 });

async function milliseconds(work: () => Promise<Response>): Promise<number> {
  const started = performance.now();
  await (await work()).text();
  return performance.now() - started;
}

function chat(prompt: string): Promise<Response> {
  return fetch(`${address}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: prompt }], max_tokens: answerBytes }),
  });
}

function percentiles(times: number[]): Record<string, number> {
  const sorted = times.toSorted((a, b) => a - b);
  return Object.fromEntries(
    [50, 90, 99].map((p) => [`p${p}`, Math.round(100 * (sorted[Math.floor((p / 100) * sorted.length)] ?? 0)) / 100]),
  );
}

const prompts = demoPrompts(random).slice(0, requests);
const answers: number[] = [];
const models: number[] = [];
const cpu = process.cpuUsage();
for (const prompt of prompts) answers.push(await milliseconds(() => chat(prompt)));
const { user, system } = process.cpuUsage(cpu);
for (const prompt of prompts.slice(0, 100)) {
  const answering = chat(prompt);
  models.push(await milliseconds(() => fetch(`${address}/v1/models`)));
  await (await answering).text();
}
await server.close();
const cpuMs = Math.round((user + system) / 10 / requests) / 100;
console.log(
  JSON.stringify({
    answersMs: percentiles(answers),
    cpuMsAnAnswer: cpuMs,
    modelsWhileAnsweringMs: percentiles(models),
  }),
);
