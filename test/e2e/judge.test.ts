import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, inject, test, vi } from "vitest";
import { type LiveClient, startLiveClient } from "../../hack/demo/live-client.ts";
import { type Model, NAMES } from "../../hack/demo/objects.ts";
import { say } from "../../hack/lib/progress.ts";
import { ComparisonPage, StoredPreference } from "../../src/api/contracts/collector-api.ts";
import { judgeLabeler } from "../../src/api/contracts/judge.ts";
import { demoPrompts } from "../../trainer-image/src/demo/prompts.ts";
import { seededRandom } from "../../trainer-image/src/random.ts";
import { BASELINE, baselineServer } from "./baseline-server.ts";
import { type CopiedModels, copyModels } from "./copied-models.ts";
import { JUDGE, judgeModel } from "./judge-model.ts";
import { canaryOf, type Scene, served, setScene, status, workloadOf } from "./scene.ts";

/** The loop's two models, before no people at all: a model judges them, behind a server that wants a key. */

const RUN_MS = 8 * 60_000;

let scene: Scene;
let client: LiveClient;
let models: CopiedModels;

beforeAll(async () => {
  scene = await setScene(inject("cluster"), inject("images"), "judge");
  models = await copyModels(scene);
  await scene.workspace.apply(
    ...(await judgeModel(scene.images.operator, randomUUID())),
    workloadOf(scene, models.base, "1"),
    wanting(models.base),
  );
  await served(scene);
  client = startLiveClient(scene.assistant, demoPrompts(seededRandom(4)), 8);
});

afterAll(async () => {
  await client?.stop();
  await scene?.close();
});

function wanting(model: Model, against: object = {}) {
  const sampled = { percent: 80, uncertain: { percent: 20, keep: 50 } };
  const comparisons = { ...sampled, dataset: { name: NAMES.dataset }, raters: { judge: JUDGE }, ...against };
  return canaryOf(scene, { model, evidence: { comparisons }, gates: { winRate: {} } });
}

async function ended({ digest }: Model) {
  const run = await status(scene, RUN_MS, ({ lastRun }) => (lastRun?.digest === digest ? lastRun : undefined));
  say(`  ${JSON.stringify(run)}`);
  return run;
}

async function comparisonsOf(candidate: string, stable: string) {
  const path = `/v1/namespaces/${scene.namespace}/canaries/${NAMES.canary}/comparisons?candidate=${candidate}&stable=${encodeURIComponent(stable)}&limit=1000`;
  const { body } = await scene.workspace.collector.send("GET", path);
  return ComparisonPage.parse(body).records;
}

/** The first preference that was chosen to learn from, of those that the collector has by now. */
async function learnt(): Promise<StoredPreference | undefined> {
  for (let after = 0; ; ) {
    const path = `/v1/namespaces/${scene.namespace}/datasets/${NAMES.dataset}/preferences?after=${after}&limit=1`;
    const { body } = await scene.workspace.collector.send("GET", path);
    if (body === undefined) return undefined;
    const preference = StoredPreference.parse(body);
    if (preference.training) return preference;
    after = preference.sequence;
  }
}

test("what the model that serves is least sure of is judged to learn from, and is no comparison", {
  timeout: RUN_MS,
}, async () => {
  const find = async () => expect((await learnt())?.labeler).toBe(judgeLabeler(JUDGE));
  await vi.waitFor(find, { timeout: 5 * 60_000, interval: 2_000 });
});

test("the judge has the courteous model promoted, and signs what it says", { timeout: RUN_MS }, async () => {
  const base = await status(scene, RUN_MS, ({ stable }) => stable?.revision);
  await scene.workspace.apply(wanting(models.good));
  const { outcome, revision } = await ended(models.good);
  expect(outcome).toBe("Promoted");
  const labelers = (await comparisonsOf(revision, base)).map(({ labeler }) => labeler);
  expect(labelers.length).toBeGreaterThan(5);
  expect([...new Set(labelers)]).toEqual([judgeLabeler(JUDGE)]);
});

test("and the curt one rolled back", { timeout: RUN_MS }, async () => {
  await scene.workspace.apply(wanting(models.poisoned));
  expect((await ended(models.poisoned)).outcome).toBe("RolledBack");
  expect(client.failures).toEqual([]);
});

test("one that is worse than stable is promoted where it beats a baseline, by comparisons with that", {
  timeout: RUN_MS,
}, async () => {
  const good = await status(scene, RUN_MS, ({ stable, candidate }) => (candidate ? undefined : stable));
  expect(good.digest).toBe(models.good.digest);
  await scene.workspace.apply(...baselineServer(scene, models.poisoned), wanting(models.base, { baseline: BASELINE }));
  const { outcome, revision } = await ended(models.base);
  expect(outcome).toBe("Promoted");
  const { history } = await status(scene, RUN_MS, (now) => now);
  expect(history?.[0]?.gates[0]).toMatchObject({ name: "winRate", against: "rival:80", verdict: "Pass" });
  expect((await comparisonsOf(revision, `${good.revision}/rival:80`)).length).toBeGreaterThan(5);
  expect(await comparisonsOf(revision, good.revision)).toEqual([]);
  expect(client.failures).toEqual([]);
});
