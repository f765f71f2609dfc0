import { expect, test } from "vitest";
import { archiveRequest } from "../../../src/controllers/preferencecanary/archive/archive-request.ts";
import { NO_EVIDENCE } from "../../../src/controllers/preferencecanary/evidence/evidence.ts";
import { foldGates } from "../../../src/controllers/preferencecanary/gates/gates.ts";
import { canaryObject, canarySpec } from "../../builders/canary.ts";
import { startCollector } from "../collector/running-collector.ts";
import { archived, CANDIDATE, lastRun, STABLE } from "./archived-run.ts";
import { dpo, folderWith } from "./run-dpo.ts";

const NAME = `${STABLE.revision}/rival:8000`;
const baseline = { service: "rival", port: 8000 };
const { spec } = canaryObject(canarySpec({ evidence: { comparisons: { baseline, dataset: { name: "support" } } } }));

test("a run against a baseline is replayed by its comparisons with that, and named so", async () => {
  await using collector = await startCollector();
  const call = (method: "GET" | "POST", path: string, body?: object) =>
    collector.call(method, `/v1/namespaces/team/${path}`, body);
  for (let i = 0; i < 20; i++) {
    const arms = {
      stable: { revision: NAME, text: "answer" },
      candidate: { revision: CANDIDATE.revision, error: "500" },
    };
    await call("POST", "datasets/support/pairs", {
      ...{ id: `p${i}`, canary: "assistant", prompt: `prompt ${i}`, baseline: true, ...arms },
    });
  }
  const query = `candidate=${CANDIDATE.revision}&stable=${encodeURIComponent(NAME)}`;
  const { records } = (await call("GET", `canaries/assistant/comparisons?${query}`)).body;
  const comparisons = { from: null, records, access: { type: "Readable" } } as const;
  const judged = { revision: CANDIDATE.revision, sameModel: false };
  const look = { now: new Date(), silence: undefined };
  const gates = foldGates(spec, judged, [], { ...NO_EVIDENCE, comparisons }, look);
  const request = archiveRequest({ lastRun, candidate: CANDIDATE, stable: STABLE, gates, spec, retriedAt: undefined });
  const packed = await archived(collector, request);

  const replayed = (...args: string[]) =>
    dpo(["replay", "run.jsonl.gz", ...args], { cwd: folderWith({ "run.jsonl.gz": packed }) });
  const { code, stdout } = await replayed();
  expect(stdout).toContain("candidate ca4d1da7e0 against baseline rival:8000, stable 5ab1e00000, RolledBack at");
  expect(stdout).toMatch(/winRate +Fail at record \d+, 20 samples +Fail at record \d+, 20 samples +same/);
  expect(code).toBe(0);
  expect(JSON.parse((await replayed("--json")).stdout)).toMatchObject({
    against: "rival:8000",
    gates: [{ same: true }],
  });
});
