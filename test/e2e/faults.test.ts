import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { claim, type Model, NAMES } from "../../hack/demo/objects.ts";
import { waitFor } from "../../hack/demo/observer.ts";
import { postPreferences } from "../../hack/demo/post-preferences.ts";
import { makeBaseModel } from "../../hack/demo/prepare.ts";
import { CONDITION } from "../../src/api/v1alpha1/condition-types.ts";
import { findCondition } from "../../src/runtime/conditions.ts";
import { readSlots } from "../../src/traffic/http-route.ts";
import { readVerdicts } from "../../src/traffic/route-kind.ts";
import { routeFaults } from "../builders/route-oracle.ts";
import { killManager, managerReady, startCollector, stopCollector } from "./operator-faults.ts";
import { canaryOf, type Scene, served, setScene, status, workloadOf } from "./scene.ts";
import { decide } from "./scripted-raters.ts";

const MINUTE = 60_000;
const PAIRS = 40;
/** Longer than it takes a new operator to read everything and act on it. */
const LONG_ENOUGH_MS = 10_000;

let scene: Scene;
let base: Model;

beforeAll(async () => {
  scene = await setScene(inject("cluster"), inject("images"), "faults");
  base = await makeBaseModel(scene.cluster, scene.workspace, scene.images.trainer, 1);
});

afterAll(async () => {
  await scene?.close();
});

describe("a DPOJob that cannot run says why", () => {
  beforeAll(async () => {
    const records = Array.from({ length: PAIRS }, (_, number) => ({
      id: `p${number}`,
      prompt: `prompt ${number}`,
      chosen: "yes, please",
      rejected: "no",
    }));
    await postPreferences(scene.workspace, NAMES.dataset, records);
    await scene.workspace.apply({
      apiVersion: "dpo.dev/v1alpha1",
      kind: "PreferenceDataset",
      metadata: { name: NAMES.dataset },
      spec: {
        sources: [{ name: "live", collector: {} }],
        quality: { minPairs: PAIRS / 2 },
        storage: { pvc: { claimName: NAMES.prefs } },
      },
    });
    await waitFor(scene.observer.datasets, NAMES.dataset, 5 * MINUTE, ({ status }) => status?.snapshot);
  });

  async function whyNot(name: string, spec: object): Promise<string> {
    await scene.workspace.apply({
      apiVersion: "dpo.dev/v1alpha1",
      kind: "DPOJob",
      metadata: { name },
      spec: { dataset: { name: NAMES.dataset }, model: base, ...spec },
    });
    return waitFor(scene.observer.jobs, name, 2 * MINUTE, ({ status }) => {
      const condition = findCondition(status?.conditions, CONDITION.ready);
      return condition?.reason === "Unschedulable" ? condition.message : undefined;
    });
  }

  test("no node has the GPU that it asks for", { timeout: 3 * MINUTE }, async () => {
    const output = { storage: { pvc: { claimName: NAMES.models } } };
    const message = await whyNot("gpu", { output, resourcesPerNode: { limits: { "nvidia.com/gpu": 1 } } });
    expect(message).toMatch(/Insufficient nvidia\.com\/gpu/);
  });

  test("the claim for its output is missing, and then it is not", { timeout: 5 * MINUTE }, async () => {
    const message = await whyNot("unclaimed", { output: { storage: { pvc: { claimName: "nowhere" } } } });
    expect(message).toMatch(/persistentvolumeclaim "nowhere" not found/);
    await scene.workspace.apply(claim("nowhere"));
    const phase = await waitFor(scene.observer.jobs, "unclaimed", 3 * MINUTE, ({ status }) =>
      status?.phase === "Pending" ? undefined : status?.phase,
    );
    expect(["Training", "Finishing", "Succeeded", "Failed"]).toContain(phase);
  });
});

function wanting(readyWithin = "10m") {
  const { serving } = canaryOf(scene, {}).spec;
  const steps = [{ name: "half", weight: 50 }];
  const evidence = { comparisons: { percent: 5, dataset: { name: NAMES.dataset } } };
  return canaryOf(scene, { serving: { ...serving, readyWithin }, evidence, steps, gates: { winRate: {} } });
}

describe("a rollback", () => {
  test("stands when operator and collector die right after its write", { timeout: 10 * MINUTE }, async () => {
    const { cluster, workspace, routes } = scene;
    await workspace.apply(workloadOf(scene, base, "first"), wanting());
    await served(scene);
    await workspace.apply(workloadOf(scene, base, "bad"));
    const candidate = await status(scene, 5 * MINUTE, (now) =>
      now.weights?.since === undefined ? undefined : now.candidate?.revision,
    );
    await decide(scene, "Stable");
    await routes.until(NAMES.canary, (route) => readVerdicts(route).rejected?.revision === candidate);
    try {
      await Promise.all([killManager(cluster), stopCollector(cluster)]);
      await managerReady(cluster);
      await status(scene, 2 * MINUTE, (now) => (now.phase === "RolledBack" ? now : undefined));
      await sleep(LONG_ENOUGH_MS);
      const [route] = routes.current();
      const slots = (route && readSlots(route, NAMES.canary)) ?? [];
      expect(slots.filter(({ revision }) => revision === candidate)).toEqual([]);
      const now = await status(scene, MINUTE, (current) => current);
      expect(now).toMatchObject({ phase: "RolledBack", lastRun: { revision: candidate, outcome: "RolledBack" } });
    } finally {
      await startCollector(cluster);
    }
    expect(routeFaults(routes.versions, NAMES.canary)).toEqual([]);
  });
});

describe("a candidate for which no node has a GPU", () => {
  test("says so in the scheduler's words, and has failed after serving.readyWithin", {
    timeout: 5 * MINUTE,
  }, async () => {
    const stable = await status(scene, MINUTE, (now) => now.stable?.revision);
    const { spec, ...workload } = workloadOf(scene, base, "gpu");
    const containers = spec.template.spec.containers.map((each) => {
      const limits = { ...each.resources.limits, "nvidia.com/gpu": "1" };
      return { ...each, resources: { ...each.resources, limits } };
    });
    const template = { ...spec.template, spec: { ...spec.template.spec, containers } };
    await scene.workspace.apply(wanting("20s"), { ...workload, spec: { ...spec, template } });
    const waiting = await status(scene, MINUTE, ({ conditions }) => {
      const condition = findCondition(conditions, CONDITION.podsWaiting);
      return condition?.status === "True" ? condition : undefined;
    });
    expect(waiting).toMatchObject({ reason: "Unschedulable" });
    expect(waiting.message).toMatch(/Insufficient nvidia\.com\/gpu/);
    const { lastRun, ...failed } = await status(scene, 2 * MINUTE, (now) =>
      now.lastRun?.outcome === "Failed" ? now : undefined,
    );
    expect(lastRun?.message).toMatch(/for 20s \(serving\.readyWithin\).*Insufficient nvidia\.com\/gpu/);
    expect(failed.stable?.revision).toBe(stable);
  });
});
