import { writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { type ProgressBody, progressBodySchema } from "../../src/api/contracts/train.ts";
import type { StepMetrics } from "../src/train/optimize.ts";
import { ProgressReporter } from "../src/train/progress.ts";

interface Received {
  authorization: string | undefined;
  body: ProgressBody;
}

let server: Server | undefined;
afterEach(() => server?.close());

async function receiver(status: number): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const started = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = progressBodySchema.parse(JSON.parse(Buffer.concat(chunks).toString()));
    received.push({ authorization: request.headers.authorization, body });
    response.writeHead(status).end();
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  const address = started.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/status`, received };
}

function step(number: number): StepMetrics {
  return { step: number, totalSteps: 4, loss: 0.5, rewardAccuracy: 0.75, rewardMargin: 0.25, tokens: 100 };
}

test("the first step and the last are pushed, with the token of the moment; those in quick succession are not", async () => {
  const { url, received } = await receiver(200);
  const tokenFile = join(await mkdtemp(join(tmpdir(), "progress-")), "token");
  writeFileSync(tokenFile, "one\n");
  const reporter = new ProgressReporter({ url, tokenFile }, () => undefined);
  reporter.report(step(1));
  await reporter.flushed();
  writeFileSync(tokenFile, "two\n");
  for (const number of [2, 3, 4]) reporter.report(step(number));
  await reporter.flushed();
  expect(received.map(({ authorization }) => authorization)).toEqual(["Bearer one", "Bearer two"]);
  const { progressPercentage, estimatedRemainingSeconds, metrics } = received[1]?.body.trainerStatus ?? {};
  expect({ progressPercentage, estimatedRemainingSeconds }).toEqual({
    progressPercentage: 100,
    estimatedRemainingSeconds: 0,
  });
  expect(metrics).toContainEqual({ name: "rewards/accuracies", value: "0.7500" });
});

test.each([
  { what: "an answer of 500", target: async () => (await receiver(500)).url },
  { what: "nobody listening", target: async () => "http://127.0.0.1:1/status" },
])("$what is said once and ends nothing", async ({ target }) => {
  const lines: string[] = [];
  const reporter = new ProgressReporter({ url: await target(), tokenFile: undefined }, (line) => lines.push(line));
  for (const number of [1, 4, 4]) reporter.report(step(number));
  await reporter.flushed();
  expect(lines).toEqual([expect.stringContaining("training goes on")]);
});
