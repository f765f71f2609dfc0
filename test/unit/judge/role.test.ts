import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { comparisons, pairOf, postPairs } from "../collector/judging.ts";
import { startCollector } from "../collector/running-collector.ts";
import { eventually, LABELER, serveJudge } from "./scene.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

test("the role is set up by its environment, judges, and ends when it is told to", async () => {
  await using collector = await startCollector();
  const server = await serveJudge(({ first }) => (first.startsWith("new") ? "1" : "2"));
  await postPairs(collector, pairOf("p"));
  const folder = mkdtempSync(join(tmpdir(), "dpo-judge-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const tokenFile = join(folder, "token");
  writeFileSync(tokenFile, "team/judge");
  const config = {
    port: 0,
    namespace: "team",
    canary: "assistant",
    dataset: "support",
    collector: { url: collector.url, tokenFile },
    labeler: LABELER,
    server: { url: server.url, model: "llama" },
  };
  const env = { ...process.env, DPO_JUDGE: JSON.stringify(config), DPO_JUDGE_API_KEY: "secret" };
  const role = spawn(process.execPath, [MAIN, "judge"], { env, stdio: "ignore" });
  onTestFinished(() => void role.kill("SIGKILL"));
  const ended = once(role, "exit");
  await eventually(async () => {
    expect((await comparisons(collector)).body.records).toMatchObject([{ outcome: 1, labeler: LABELER }]);
  });
  expect(server.asked[0]?.authorization).toBe("Bearer secret");
  role.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
}, 20_000);
