import type { Random } from "../random.ts";
import { Inference, type Weights } from "./infer.ts";
import { END } from "./tokenizer.ts";

export interface GenerateOptions {
  maxTokens: number;
  /** 0 takes the likeliest token each time */
  temperature: number;
  random: Random;
  /** Awaited every few milliseconds of work, so that a server can do something else in between. */
  pause: () => Promise<void>;
}

export interface Answer {
  /** without the token that ends it */
  tokens: number[];
  /** of each token, in nats, whatever the temperature */
  logprobs: number[];
  /** whether the model ended it, or maxTokens or the context did */
  finish: "stop" | "length";
}

const tokensPerPause = 16;

/** Continues `prompt`, which is shorter than the model's context. */
export async function generate(
  weights: Weights,
  prompt: readonly number[],
  { maxTokens, temperature, random, pause }: GenerateOptions,
): Promise<Answer> {
  const capacity = Math.min(weights.config.context, prompt.length + maxTokens);
  const inference = new Inference(weights, capacity);
  for (const [index, token] of prompt.entries()) {
    inference.read(token);
    if (index % tokensPerPause === tokensPerPause - 1) await pause();
  }
  const tokens: number[] = [];
  const logprobs: number[] = [];
  while (prompt.length + tokens.length < capacity) {
    const logits = inference.logits();
    const token = choose(logits, temperature, random);
    if (token === END) return { tokens, logprobs, finish: "stop" };
    tokens.push(token);
    logprobs.push(logprobOf(token, logits));
    inference.read(token);
    if (tokens.length % tokensPerPause === 0) await pause();
  }
  return { tokens, logprobs, finish: "length" };
}

/** Only bytes and the end can be said: an answer holds no marks of turns. */
const speakable = [...Array(256).keys(), END];

function choose(logits: Float32Array, temperature: number, random: Random): number {
  let likeliest = END;
  for (const token of speakable) if (at(logits, token) > at(logits, likeliest)) likeliest = token;
  if (temperature === 0) return likeliest;
  const highest = at(logits, likeliest);
  let total = 0;
  for (const token of speakable) total += Math.exp((at(logits, token) - highest) / temperature);
  let left = random() * total;
  for (const token of speakable) {
    left -= Math.exp((at(logits, token) - highest) / temperature);
    if (left < 0) return token;
  }
  return likeliest;
}

function logprobOf(token: number, logits: Float32Array): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const other of speakable) highest = Math.max(highest, at(logits, other));
  let total = 0;
  for (const other of speakable) total += Math.exp(at(logits, other) - highest);
  return at(logits, token) - highest - Math.log(total);
}

function at(logits: Float32Array, token: number): number {
  return logits[token] ?? Number.NEGATIVE_INFINITY;
}
