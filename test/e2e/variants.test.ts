import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { followRun } from "../../hack/demo/canary-run.ts";
import { type Model, NAMES } from "../../hack/demo/objects.ts";
import type { Outcome, Run } from "../../hack/demo/report.ts";
import { say } from "../../hack/lib/progress.ts";
import { ANNOTATION } from "../../src/api/v1alpha1/metadata.ts";
import { readSlots } from "../../src/traffic/http-route.ts";
import type { Taste } from "../../trainer-image/src/demo/utility.ts";
import { routeFaults } from "../builders/route-oracle.ts";
import { type CopiedModels, copyModels } from "./copied-models.ts";
import { killManager, managerReady } from "./operator-faults.ts";
import { type People, startPeople } from "./people.ts";
import { canaryOf, type Scene, served, setScene, status, workloadOf } from "./scene.ts";

/** The loop's own models, copied, before raters who want something else. Git pins the model: no job is involved. */

const RUN_MS = 8 * 60_000;
/** Long enough for an operator that would try again to have begun. */
const LONG_ENOUGH_MS = 8_000;

let scene: Scene;
let people: People;
let taste: Taste = "Curt";
let models: CopiedModels;
let rejected: string;

beforeAll(async () => {
  scene = await setScene(inject("cluster"), inject("images"), "variants");
  models = await copyModels(scene);
  await scene.workspace.apply(workloadOf(scene, models.base, "1"), wanting(models.base));
  await served(scene);
  people = startPeople(scene, { seed: 2, perSecond: 8, taste: () => taste });
});

afterAll(async () => {
  await people?.stop();
  await scene?.close();
});

function wanting(model: Model, annotations = {}) {
  const comparisons = { percent: 100, dataset: { name: NAMES.dataset } };
  return canaryOf(scene, { model, evidence: { comparisons, checks: {} } }, annotations);
}

async function judged(name: string, { digest }: Model, expected: Outcome): Promise<Run> {
  const { workspace, observer } = scene;
  const { collector, namespace } = workspace;
  const run = await followRun({
    observer,
    collector,
    namespace,
    model: name,
    digest,
    expected,
    served: people.client.served,
  });
  say(`  ${JSON.stringify(run)}`);
  return run;
}

async function servesAlone({ digest }: Model): Promise<void> {
  await status(scene, 60_000, ({ stable, candidate, phase }) =>
    stable?.digest === digest && candidate === undefined && phase !== "Promoting" ? stable : undefined,
  );
}

describe("the loop's models before other raters", () => {
  test("who likes the old way better has the good model rolled back", { timeout: RUN_MS }, async () => {
    await scene.workspace.apply(wanting(models.good));
    const run = await judged("good", models.good, "RolledBack");
    expect(run.outcome).toBe("RolledBack");
    rejected = await status(scene, RUN_MS, ({ lastRun }) => lastRun?.revision);
    await servesAlone(models.base);
  });

  test("and the poisoned one promoted", { timeout: RUN_MS }, async () => {
    await scene.workspace.apply(wanting(models.poisoned));
    const run = await judged("poisoned", models.poisoned, "Promoted");
    expect(run.outcome).toBe("Promoted");
    await servesAlone(models.poisoned);
  });

  test("what was rejected stays rejected when Git asks for it again, whoever restarts what", {
    timeout: RUN_MS,
  }, async () => {
    taste = "Courteous";
    await scene.workspace.apply(wanting(models.good));
    await status(scene, 60_000, ({ phase }) => (phase === "RolledBack" ? phase : undefined));
    const before = scene.routes.versions.length;
    await killManager(scene.cluster);
    await managerReady(scene.cluster);
    await sleep(LONG_ENOUGH_MS);
    const now = await status(scene, 60_000, (current) => current);
    expect(now).toMatchObject({ phase: "RolledBack", stable: { digest: models.poisoned.digest } });
    expect(now.candidate).toBeUndefined();
    const since = scene.routes.versions.slice(before).map((route) => readSlots(route, NAMES.canary));
    expect(since.filter((slots) => slots?.some(({ revision }) => revision === rejected))).toEqual([]);
  });

  test("until somebody says retry", { timeout: RUN_MS }, async () => {
    await scene.workspace.apply(wanting(models.good, { [ANNOTATION.retry]: rejected }));
    const run = await judged("good, retried", models.good, "Promoted");
    expect(run.outcome).toBe("Promoted");
    await servesAlone(models.good);
  });

  test("an equal model under another digest is decided by comparisons alone", { timeout: RUN_MS }, async () => {
    await scene.workspace.apply(wanting(models.twin));
    const run = await judged("twin", models.twin, "RolledBack");
    expect(run.comparisons).toBeGreaterThan(20);
    const { gates } = await status(scene, 60_000, (current) => current);
    const winRate = gates?.find(({ name }) => name === "winRate");
    const isPromoted = run.outcome === "Promoted";
    expect(winRate?.verdict).toBe(isPromoted ? "Pass" : "Fail");
    await servesAlone(isPromoted ? models.twin : models.good);
  });

  test("an autoscaler that points at the canary scales what serves", { timeout: RUN_MS }, async () => {
    const canary = { apiVersion: "dpo.dev/v1alpha1", kind: "PreferenceCanary", name: NAMES.canary };
    // Nothing measures anything here: what it does without that is to keep to its bounds.
    const cpu = { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } };
    await scene.workspace.apply({
      apiVersion: "autoscaling/v2",
      kind: "HorizontalPodAutoscaler",
      metadata: { name: "assistant" },
      spec: { scaleTargetRef: canary, minReplicas: 2, maxReplicas: 3, metrics: [{ type: "Resource", resource: cpu }] },
    });
    const { selector } = await status(scene, RUN_MS, (now) => (now.replicas === 2 ? now : undefined));
    const get = (...what: string[]) => kubectl(scene.cluster, ["get", "--namespace", scene.namespace, ...what]);
    const pods = await get("pods", "--selector", selector ?? "", "--output", "name");
    expect(pods.trim().split("\n")).toHaveLength(2);
    const said = await get(
      "hpa",
      "assistant",
      "--output",
      "jsonpath={.status.conditions[?(@.type=='AbleToScale')].status}",
    );
    expect(said).toBe("True");
  });

  test("no user lost an answer, and no version of the route crossed zero", () => {
    expect(people.client.failures).toEqual([]);
    expect(people.client.requests).toBeGreaterThan(100);
    // The retried revision may rise again: all else holds over its rejection.
    const faults = routeFaults(scene.routes.versions, NAMES.canary).filter((fault) => !fault.includes("rejected"));
    expect(faults).toEqual([]);
  });
});
