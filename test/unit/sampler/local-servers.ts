import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { Registry } from "prom-client";
import { afterEach, vi } from "vitest";
import { type PostPairRequest, PostPairRequest as PostPairSchema } from "../../../src/api/contracts/collector-api.ts";
import { SamplerConfig } from "../../../src/api/contracts/sampler.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { runSampler } from "../../../src/sampler/server.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Handler = (request: FastifyRequest, reply: FastifyReply) => unknown;

/** An HTTP server on loopback that answers every request by `handler`, until the test ends. */
export async function serve(handler: Handler): Promise<string> {
  const app = fastify({ forceCloseConnections: true });
  app.all("/*", async (request, reply) => handler(request, reply));
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  cleanups.push(() => app.close());
  return url;
}

export interface AskedFor {
  url: string;
  authorization: string | undefined;
  body: { seed: number; [field: string]: unknown };
}

/** A model server that says `name` and the seed it was given. */
export async function serveModel(name: string) {
  const asked: AskedFor[] = [];
  const url = await serve((request) => {
    const body = request.body as AskedFor["body"];
    asked.push({ url: request.url, authorization: request.headers.authorization, body });
    const text = `${name} says ${body.seed}`;
    return { choices: [request.url.includes("chat") ? { message: { role: "assistant", content: text } } : { text }] };
  });
  return { url, asked };
}

/** A collector that takes every pair which keeps the contract. */
export async function serveCollector() {
  const pairs: PostPairRequest[] = [];
  const tokens: (string | undefined)[] = [];
  const url = await serve((request) => {
    tokens.push(request.headers.authorization);
    pairs.push(PostPairSchema.parse(request.body));
    return { queued: true };
  });
  return { url, pairs, tokens };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "dpo-sampler-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A running sampler of canary support/assistant, closed at the end of the test. */
export async function startSampler(config: {
  collector: string;
  stable: string;
  candidate?: string;
  baseline?: string;
  timeoutSeconds?: number;
  redact?: SamplerConfig["redact"];
  shares?: SamplerConfig["shares"];
  uncertain?: SamplerConfig["uncertain"];
  selection?: SamplerConfig["selection"];
}) {
  const tokenFile = join(temporaryFolder(), "token");
  writeFileSync(tokenFile, "first-token\n");
  const registry = new Registry();
  const { candidate, baseline, redact, shares, uncertain, selection } = config;
  const sampler = await runSampler(
    SamplerConfig.parse({
      host: "127.0.0.1",
      port: 0,
      namespace: "support",
      canary: "assistant",
      dataset: "live",
      collector: { url: config.collector, tokenFile },
      stable: { revision: "aaaaaaaaaa", url: config.stable },
      ...(candidate !== undefined && { candidate: { revision: "bbbbbbbbbb", url: candidate } }),
      ...(baseline !== undefined && { baseline: { revision: "aaaaaaaaaa/rival:8000", url: baseline } }),
      timeoutSeconds: config.timeoutSeconds ?? 5,
      redact,
      shares,
      uncertain,
      selection,
    }),
    { clock: systemClock, random: Math.random, logger: silentLogger(), registry },
  );
  cleanups.push(() => sampler.close());

  async function metric(name: string, labels: Record<string, string>): Promise<number> {
    const values = (await registry.getSingleMetric(name)?.get())?.values ?? [];
    const matches = values.filter((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text));
    return matches.reduce((sum, { value }) => sum + value, 0);
  }
  return { ...sampler, tokenFile, metric };
}

/** Sends what the gateway would mirror; the status that it was answered with. */
export async function mirror(sampler: { url: string }, path: string, body: unknown, headers = {}): Promise<number> {
  const response = await fetch(sampler.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  await response.arrayBuffer();
  return response.status;
}

/** Patient enough for a machine that is busy with other tests. */
export function eventually(expectation: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(expectation, { timeout: 4500 });
}

export function chat(text: string) {
  return { model: "assistant", messages: [{ role: "user", content: text }] };
}
