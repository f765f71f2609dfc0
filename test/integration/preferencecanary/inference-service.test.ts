import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { preferenceCanaries } from "../../../src/controllers/resources.ts";
import { deployments, inferenceServices, services } from "../../../src/kube/resource.ts";
import { readSlots } from "../../../src/traffic/http-route.ts";
import { WHOLE } from "../../../src/traffic/slots.ts";
import { CANARY, digest, modelUri } from "../../builders/canary.ts";
import type { CanaryStage, StageOptions } from "./canary-stage.ts";
import { installDefinition } from "./gateway-api.ts";
import { startKServe } from "./kserve/stand-in.ts";
import { expectToWaitFor, MISSING_TIMEOUT_MS } from "./missing-kind.ts";
import { useCanaryStages } from "./use-canary-stages.ts";

const definition = parse(readFileSync(join(import.meta.dirname, "kserve/inference-service-crd.yaml"), "utf8"));
const BROKEN = modelUri("f");

const setStage = useCanaryStages();
let canary: CanaryStage;

beforeEach(() => setKServe());

async function setKServe(options: StageOptions = {}): Promise<void> {
  canary = await setStage(options);
  const { client, namespace, atEnd, installation } = canary.stage;
  await installDefinition(client, definition, inferenceServices);
  atEnd(await startKServe(installation.admin, client, namespace, BROKEN));
}

function createCanary(changes: object = {}, replicas = 2): Promise<void> {
  return canary.createCanary({ serving: { inferenceService: template(replicas) }, ...changes });
}

function template(minReplicas: number) {
  const model = { modelFormat: { name: "huggingface" }, storageUri: modelUri("a") };
  return { predictor: { minReplicas, model, timeout: 60 } };
}

async function names(): Promise<string[]> {
  const { client, namespace } = canary.stage;
  const { items } = await client.list(inferenceServices, { namespace });
  return items.map(({ metadata }) => metadata.name);
}

function get(revision: string | undefined) {
  const { client, namespace } = canary.stage;
  return client.get(inferenceServices, { namespace, name: `${CANARY}-${revision}` });
}

function wholeOf(): string | undefined {
  const last = canary.routes.versions.at(-1);
  return last && readSlots(last, CANARY)?.find(({ weight }) => weight === WHOLE)?.revision;
}

const isHalfWay: Parameters<CanaryStage["until"]>[1] = ({ status }) => status?.step?.name === "half";

describe("a canary of KServe", () => {
  it("serves its first model, promotes a better one and rolls a worse one back, over restarts of the manager", async () => {
    await createCanary();
    await canary.start();
    const { status } = await canary.until("idle", (now) => now.status?.phase === "Idle");
    const first = status?.stable?.revision;
    expect(wholeOf()).toBe(first);
    expect((await get(first))?.spec).toEqual({
      predictor: {
        minReplicas: 2,
        maxReplicas: 2,
        model: { modelFormat: { name: "huggingface" }, storageUri: modelUri("a") },
        timeout: 60,
      },
    });

    await canary.createJob("better", "b");
    const running = await canary.until("on its way", (now) => now.status?.candidate !== undefined);
    await canary.start();
    await canary.until("in its last step", isHalfWay);
    const candidate = running.status?.candidate?.revision;
    const made = await get(candidate);
    expect(made?.spec?.predictor.model.storageUri).toBe(modelUri("b"));
    const { client, namespace } = canary.stage;
    const own = await client.get(services, { namespace, name: `${CANARY}-${candidate}` });
    expect(own?.spec).toMatchObject({
      selector: { app: `isvc.${CANARY}-${candidate}-predictor` },
      ports: [{ port: 8080, targetPort: 8000 }],
    });
    await canary.compare(1, 60);
    await canary.until("promoted", (now) => now.status?.phase === "Promoted");
    expect(wholeOf()).toBe(candidate);
    await expect.poll(names).toEqual([`${CANARY}-${candidate}`]);
    const promoted = await get(candidate);
    expect([promoted?.metadata.labels, promoted?.metadata.generation]).toEqual([made?.metadata.labels, 1]);

    await canary.createJob("worse", "c");
    await canary.until("in its last step", isHalfWay);
    await canary.start();
    await canary.compare(0, 60);
    const back = await canary.until("rolled back", (now) => now.status?.phase === "RolledBack");
    expect(back.status?.stable).toMatchObject({ revision: candidate, digest: digest("b") });
    expect(wholeOf()).toBe(candidate);
    await expect.poll(names).toEqual([`${CANARY}-${candidate}`]);
    expect(canary.faults()).toEqual([]);
  });

  it("takes its pods from Knative in that mode, over a run and restarts of the manager", async () => {
    const annotations = { "serving.kserve.io/deploymentMode": "Knative" };
    await createCanary({ serving: { inferenceService: { annotations, ...template(2) } } });
    await canary.start();
    await canary.until("idle", (now) => now.status?.phase === "Idle");
    await canary.createJob("better", "b");
    const { status } = await canary.until("in its last step", isHalfWay);
    const candidate = status?.candidate?.revision;
    const { client, namespace } = canary.stage;
    const own = await client.get(services, { namespace, name: `${CANARY}-${candidate}` });
    const made = await client.get(services, { namespace, name: `${CANARY}-${candidate}-isvc-predictor-00001-private` });
    expect(own?.spec?.selector).toEqual(made?.spec?.selector);
    expect(own?.spec?.ports).toMatchObject([{ port: 8080, targetPort: 8012 }]);
    await canary.start();
    await canary.compare(1, 60);
    await canary.until("promoted", (now) => now.status?.phase === "Promoted");
    expect(wholeOf()).toBe(candidate);
    await expect.poll(names).toEqual([`${CANARY}-${candidate}-isvc`]);
    expect(canary.faults()).toEqual([]);
  });

  it("follows the number of pods in Git, in the InferenceService that serves", async () => {
    await createCanary();
    await canary.start();
    const { status } = await canary.until("idle", (now) => now.status?.phase === "Idle");
    await createCanary({}, 3);
    await expect.poll(async () => (await get(status?.stable?.revision))?.spec?.predictor.minReplicas).toBe(3);
    expect(await names()).toHaveLength(1);
    expect((await canary.canary())?.status?.candidate).toBeUndefined();
  });

  it("fails the run of a model that KServe cannot load, with KServe's reason", async () => {
    await canary.close();
    // Ten minutes of the manager's take ten seconds.
    await setKServe({ speed: 60 });
    await createCanary();
    await canary.start();
    await canary.until("idle", ({ status }) => status?.phase === "Idle");
    await canary.createJob("broken", "f");
    const messageOf = (now: Awaited<ReturnType<CanaryStage["until"]>>) =>
      now.status?.conditions?.find(({ type }) => type === "Ready")?.message;
    await canary.until(
      "said to be broken",
      (now) => messageOf(now)?.includes("ModelLoadFailed (exit code 1)") ?? false,
    );
    const failed = await canary.until("failed", ({ status }) => status?.lastRun?.outcome === "Failed");
    expect(failed.status?.lastRun?.message).toContain("KServe says of InferenceService");
    expect(failed.status?.lastRun?.message).toContain("ModelLoadFailed (exit code 1): no config.json");
    await expect.poll(names).toHaveLength(1);
    expect(canary.faults()).toEqual([]);
  });

  it.each(["Retain", "Delete"])("leaves behind what deletionPolicy %s says", async (deletionPolicy) => {
    await createCanary({ deletionPolicy });
    await canary.start();
    await canary.until("idle", ({ status }) => status?.phase === "Idle");
    await canary.createJob("next", "b");
    const { status } = await canary.until("in its last step", isHalfWay);
    const { client, namespace } = canary.stage;
    await client.delete(preferenceCanaries, { namespace, name: CANARY });
    await expect.poll(() => canary.canary(), { timeout: 15_000 }).toBeUndefined();
    await expect.poll(names).toEqual(deletionPolicy === "Retain" ? [`${CANARY}-${status?.stable?.revision}`] : []);
    expect(canary.faults()).toEqual([]);
  });
});

describe("a cluster without KServe", () => {
  it("does not hold the manager up, says what is missing, and serves once it is there", {
    timeout: MISSING_TIMEOUT_MS,
  }, async () => {
    const { client, namespace } = canary.stage;
    await expectToWaitFor(canary, definition, inferenceServices, createCanary, async (ready) => {
      expect(ready).toMatchObject({
        reason: "KServeNotInstalled",
        message: expect.stringContaining("install KServe, give the manager the rule of its ClusterRole"),
      });
      expect((await client.list(deployments, { namespace })).items).toEqual([]);
    });
  });
});
