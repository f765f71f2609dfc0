import { beforeAll, expect, test } from "vitest";
import { loadBackend, type Tensor, type Tf } from "../src/backend.ts";
import { makeBatch } from "../src/model/batch.ts";
import { type Batch, Forward } from "../src/model/forward-tf.ts";
import { Inference, prepare } from "../src/model/infer.ts";
import { encodeAnswer, encodePrompt } from "../src/model/tokenizer.ts";
import { smallModel } from "./small-model.ts";

let tf: Tf;
beforeAll(async () => {
  ({ tf } = await loadBackend());
});

function sequence(prompt: string, answer: string) {
  const start = encodePrompt(prompt);
  return { tokens: [...start, ...encodeAnswer(answer)], answerStart: start.length };
}

function logps(batch: Batch): number[] {
  const model = smallModel();
  return tf.tidy(() => [...new Forward(tf, model.config).logps(tf.tensor1d(model.weights), batch).dataSync()]);
}

test("the model server's plain TypeScript gives the logits that training sees, to 1e-4", () => {
  const model = smallModel();
  const batch = makeBatch([sequence("Zwölf Boxkämpfer?", "ja 🙂"), sequence("a", "b")]);
  const trained = tf.tidy(() =>
    new Forward(tf, model.config).logits(tf.tensor1d(model.weights), batch).dataSync<"float32">(),
  );
  for (let row = 0; row < batch.rows; row++) {
    const inference = new Inference(prepare(model), batch.length);
    for (let t = 0; t < batch.length; t++) {
      inference.read(batch.inputs[row * batch.length + t] ?? 0);
      const at = (row * batch.length + t) * model.config.vocabulary;
      const difference = inference.logits().map((logit, i) => Math.abs(logit - (trained[at + i] ?? Number.NaN)));
      expect(Math.max(...difference)).toBeLessThan(1e-4);
    }
  }
});

test("padding and neighbours in the batch do not change a row's log-probability", () => {
  const short = sequence("Hi", "there");
  const alone = logps(makeBatch([short]))[0];
  const beside = logps(makeBatch([short, sequence("Hello", "a much longer answer than the other one")]))[0];
  expect(beside).toBeCloseTo(alone ?? Number.NaN, 4);
});

test("only the answer's tokens and its end count, and none of them sees what follows", () => {
  const { tokens, answerStart } = sequence("Hi", "there");
  const whole = logps(makeBatch([{ tokens, answerStart }]))[0] ?? Number.NaN;
  const cut = tokens.slice(0, -2);
  const beginning = logps(makeBatch([{ tokens: cut, answerStart }]))[0] ?? Number.NaN;
  const end = logps(makeBatch([{ tokens, answerStart: cut.length }]))[0] ?? Number.NaN;
  expect(beginning + end).toBeCloseTo(whole, 4);
});

test("the gradient is the slope of the loss", () => {
  const model = smallModel();
  const batch = makeBatch([sequence("a", "bc")]);
  const forward = new Forward(tf, model.config);
  function loss(theta: Tensor): Tensor {
    return tf.neg(tf.sum(forward.logps(theta, batch)));
  }
  const gradient = tf.tidy(() => tf.grad(loss)(tf.tensor1d(model.weights)).dataSync<"float32">());
  // Along the gradient, so that the difference stands out of single precision's rounding.
  const length = Math.hypot(...gradient);
  const step = 1e-3 / length;
  function lossAt(sign: number): number {
    const moved = model.weights.map((weight, i) => weight + sign * step * (gradient[i] ?? 0));
    return tf.tidy(() => loss(tf.tensor1d(moved)).dataSync()[0] ?? Number.NaN);
  }
  const slope = (lossAt(1) - lossAt(-1)) / (2 * step * length);
  expect(slope / length).toBeCloseTo(1, 2);
});
