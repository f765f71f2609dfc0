import { setImmediate } from "node:timers/promises";
import fastify, { type FastifyInstance } from "fastify";
import { z } from "zod";
import { type Answer, generate } from "../model/generate.ts";
import type { Weights } from "../model/infer.ts";
import { decode, encodeConversation } from "../model/tokenizer.ts";
import { type Random, seededRandom } from "../random.ts";
import { type ChatRequest, chatRequestSchema, turnsOf } from "./chat.ts";

export interface Served {
  weights: Weights;
  digest: string;
  /** for requests that bring no seed */
  random: Random;
  now: () => Date;
}

/** The name of the one model that is served, as clients know it. */
const modelName = "assistant";
const defaultMaxTokens = 160;
/**
 * Longer than the hour after which Envoy closes an idle connection: were this side first, a request that is just being
 * sent on it would be lost (seen as a 503 on a busy machine).
 */
const idleConnectionMs = 2 * 60 * 60 * 1000;

/** An OpenAI-compatible server of one model. */
export function modelServer(served: Served): FastifyInstance {
  // Envoy keeps connections: a 503 on a reused one while closing would reach a user.
  const server = fastify({ return503OnClosing: false, keepAliveTimeout: idleConnectionMs });
  server.get("/healthz", () => ({ status: "ok" }));
  server.get("/readyz", () => ({ status: "ok" }));
  server.get("/v1/models", () => ({
    object: "list",
    data: [{ id: modelName, object: "model", created: 0, owned_by: "dpo-operator", digest: served.digest }],
  }));
  server.post("/v1/chat/completions", async (request, reply) => {
    const parsed = chatRequestSchema.safeParse(request.body);
    if (!parsed.success) return reply.code(400).send(invalidRequest(z.prettifyError(parsed.error)));
    return complete(parsed.data, served);
  });
  return server;
}

async function complete(request: ChatRequest, { weights, digest, random, now }: Served): Promise<object> {
  const { context, temperature } = weights.config;
  const asked = request.max_completion_tokens ?? request.max_tokens ?? defaultMaxTokens;
  const maxTokens = Math.min(asked, Math.floor(context / 2));
  // A conversation longer than the context loses its beginning.
  const prompt = encodeConversation(turnsOf(request)).slice(-(context - maxTokens));
  const answer = await generate(weights, prompt, {
    maxTokens,
    temperature: request.temperature ?? temperature,
    random: request.seed === undefined ? random : seededRandom(request.seed),
    pause: setImmediate,
  });
  return {
    id: `chatcmpl-${Math.floor(random() * 2 ** 48).toString(16)}`,
    object: "chat.completion",
    created: Math.floor(now().getTime() / 1000),
    model: modelName,
    system_fingerprint: digest,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: decode(answer.tokens) },
        logprobs: request.logprobs ? { content: logprobsOf(answer) } : null,
        finish_reason: answer.finish,
      },
    ],
    usage: {
      prompt_tokens: prompt.length,
      completion_tokens: answer.tokens.length,
      total_tokens: prompt.length + answer.tokens.length,
    },
  };
}

/** A token is a byte, and may be a part of a letter. */
function logprobsOf({ tokens, logprobs }: Answer): object[] {
  return tokens.map((token, index) => ({
    token: decode([token]),
    logprob: logprobs[index],
    bytes: [token],
    top_logprobs: [],
  }));
}

function invalidRequest(message: string): object {
  return { error: { message, type: "invalid_request_error", param: null, code: null } };
}
