import { beforeAll, expect, test } from "vitest";
import { loadBackend, type Tf } from "../src/backend.ts";
import { evaluate } from "../src/train/evaluate.ts";
import { type Optimization, optimize, type StepMetrics } from "../src/train/optimize.ts";
import { encodePairs } from "../src/train/pairs.ts";
import { smallModel } from "./small-model.ts";

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

const preferences = Array.from({ length: 16 }, (_, i) => ({
  prompt: `What is ${i}?`,
  chosen: `Thanks, ${i} is fine`,
  rejected: `No, ${i * i}`,
}));
const { pairs } = encodePairs(preferences, 64);

function optimization(overrides: Partial<Optimization["training"]> = {}): Optimization & { steps: StepMetrics[] } {
  const steps: StepMetrics[] = [];
  const defaults = { epochs: 1, learningRate: 3e-3, batchSize: 4, gradientAccumulation: 1, maxLength: 64, seed: 7 };
  return {
    ...{ tf, model: smallModel(), beta: 0.1, training: { ...defaults, ...overrides } },
    ...{ signal: new AbortController().signal, onStep: (metrics) => steps.push(metrics), steps },
  };
}

test("the first loss is ln 2, the last one less, and held-out pairs are won", async () => {
  const options = optimization({ epochs: 4 });
  const base = options.model.weights.slice();
  const { first, last } = await optimize(pairs.slice(0, 12), options);
  expect(Math.abs(first - Math.LN2)).toBeLessThanOrEqual(1e-6);
  expect(last).toBeLessThan(0.5);
  expect(options.steps).toHaveLength(12);
  const { heldOutWinRate } = await evaluate(pairs.slice(12), base, options);
  expect(heldOutWinRate).toMatchObject({ value: 1, samples: 4 });
});

test("the same inputs and seed give the same weights, another seed gives others", async () => {
  const runs = [optimization(), optimization(), optimization({ seed: 8 })];
  for (const run of runs) await optimize(pairs, run);
  const [first, again, other] = runs.map((run) => [...run.model.weights]);
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
});

test("accumulated gradients are those of one large batch", async () => {
  const whole = optimization({ batchSize: 8 });
  const parts = optimization({ batchSize: 2, gradientAccumulation: 4 });
  await optimize(pairs, whole);
  await optimize(pairs, parts);
  const difference = whole.model.weights.map((weight, i) => Math.abs(weight - (parts.model.weights[i] ?? Number.NaN)));
  expect(Math.max(...difference)).toBeLessThan(1e-4);
  expect(parts.steps.map(({ step }) => step)).toEqual([1, 2]);
});

test("a model that answers nothing to pairs it does not know ties, and ties count half", async () => {
  const options = optimization();
  const { heldOutWinRate } = await evaluate(pairs, options.model.weights.slice(), options);
  expect(heldOutWinRate).toMatchObject({ value: 0.5, samples: 16 });
});

test("a loss that is no number ends the training with what to do", async () => {
  const options = optimization({ learningRate: 1e30 });
  await expect(optimize(pairs, options)).rejects.toMatchObject({
    reason: "LossNotFinite",
    message: expect.stringContaining("lower training.learningRate"),
  });
});

test("a reference that is not the model itself is found by the first loss", async () => {
  const options = optimization();
  options.model.weights[0] = Number.NaN;
  await expect(optimize(pairs, options)).rejects.toMatchObject({ reason: "FirstLossWrong" });
});

test("a signal to stop is heard between two steps", async () => {
  const stop = new AbortController();
  const options = optimization();
  const running = optimize(pairs, { ...options, signal: stop.signal, onStep: () => stop.abort() });
  await expect(running).rejects.toMatchObject({
    reason: "Interrupted",
    message: expect.stringContaining("step 2 of 4"),
  });
});
