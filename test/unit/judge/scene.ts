import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { afterEach, vi } from "vitest";
import { JudgeConfig, judgeLabeler } from "../../../src/api/contracts/judge.ts";
import { runJudge } from "../../../src/judge/judge.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

export const LABELER = judgeLabeler({ name: "strict", model: "llama" });

export interface Asked {
  readonly url: string;
  readonly authorization: string | undefined;
  readonly body: {
    readonly model: string;
    readonly temperature: number;
    readonly seed: number;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
  };
}

/** What a judge says of two texts, or what its server does instead of saying anything. */
export type Says = (reading: { first: string; second: string }, reply: FastifyReply) => unknown;

/** An OpenAI-compatible server on loopback; what `says` returns is what the model says, unless it answers by itself. */
export async function serveJudge(says: Says) {
  const asked: Asked[] = [];
  const app = fastify({ forceCloseConnections: true });
  app.all("/*", async (request: FastifyRequest, reply) => {
    const body = request.body as Asked["body"];
    asked.push({ url: request.url, authorization: request.headers.authorization, body });
    const words = await says(readingOf(body.messages.at(-1)?.content ?? ""), reply);
    if (reply.sent || reply.raw.headersSent) return reply;
    return typeof words === "string" ? { choices: [{ message: { role: "assistant", content: words } }] } : words;
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  cleanups.push(() => app.close());
  return { url: `${url}/v1`, asked };
}

function readingOf(content: string) {
  const [, first = "", second = ""] =
    /----- first answer -----\n([\s\S]*)\n----- end of first[\s\S]*----- second answer -----\n([\s\S]*)\n----- end of second/.exec(
      content,
    ) ?? [];
  return { first, second };
}

/** A judge of canary team/assistant, closed at the end of the test. */
export async function startJudge({
  collector,
  server,
  apiKey,
}: {
  collector: string;
  server: string;
  apiKey?: string;
}) {
  const folder = mkdtempSync(join(tmpdir(), "dpo-judge-"));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, "team/judge");
  const metrics = createMetrics();
  const config = JudgeConfig.parse({
    port: 0,
    namespace: "team",
    canary: "assistant",
    dataset: "support",
    collector: { url: collector, tokenFile },
    labeler: LABELER,
    server: { url: server, model: "llama" },
  });
  const dependencies = { apiKey, clock: systemClock, random: Math.random, logger: silentLogger(), metrics };
  const judge = await runJudge(config, dependencies);
  cleanups.push(() => judge.close());

  async function metric(name: string, labels: Record<string, string>): Promise<number> {
    const values = (await metrics.registry.getSingleMetric(name)?.get())?.values ?? [];
    const matches = values.filter((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text));
    return matches.reduce((sum, { value }) => sum + value, 0);
  }
  return { ...judge, tokenFile, metric };
}

/** Patient enough for a machine that is busy with other tests. */
export function eventually(expectation: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(expectation, { timeout: 8_000, interval: 20 });
}
