import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { JudgeConfig, judgeLabeler } from "../../../src/api/contracts/judge.ts";
import { runJudge } from "../../../src/judge/judge.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { serveJudge } from "../../unit/judge/scene.ts";
import { useScenes } from "./scene.ts";

const setScene = useScenes();
const labeler = judgeLabeler({ name: "strict", model: "llama" });

test("a judge with a token of the real API server judges what waits, and goes on after the token was renewed", async () => {
  const scene = await setScene();
  const server = await serveJudge(({ first }) => (first.startsWith("candidate") ? "1" : "2"));
  const folder = await mkdtemp(join(tmpdir(), "dpo-judge-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, await scene.newToken());
  const config = JudgeConfig.parse({
    port: 0,
    namespace: scene.namespace,
    canary: "assistant",
    dataset: "support",
    collector: { url: scene.url, tokenFile },
    labeler,
    server: { url: server.url, model: "llama" },
  });
  const dependencies = { clock: systemClock, random: Math.random, logger: silentLogger(), metrics: createMetrics() };
  const judge = await runJudge(config, { ...dependencies, apiKey: undefined });
  onTestFinished(judge.close);

  await scene.queue("first", "second");
  await expect.poll(scene.comparisons, { timeout: 20_000 }).toMatchObject([
    { outcome: 1, labeler, vote: 1 },
    { outcome: 1, labeler, vote: 1 },
  ]);
  expect(await scene.preferences()).toMatchObject([{ labeler }, { labeler }]);

  await writeFile(tokenFile, await scene.newToken());
  await scene.queue("third");
  await expect.poll(scene.comparisons, { timeout: 20_000 }).toHaveLength(3);
});
