import { describe, expect, it } from "vitest";
import { stableAlone, weightIn } from "../../../../src/traffic/slots.ts";
import { CANARY, digest, modelUri, NAMESPACE } from "../../../builders/canary.ts";
import { PREDICTOR_READY } from "../../../builders/kserve.ts";
import {
  applied,
  edit,
  key,
  made,
  names,
  predictor,
  ready,
  report,
  running,
  specOf,
  standing,
  started,
  starting,
  wins,
} from "./kserve-scenario.ts";

describe("an arm that is an InferenceService", () => {
  it("is made of the template with the revision's model, and its Service leads to the pods that KServe makes", () => {
    const world = running(specOf({ labels: { team: "chat" }, annotations: { note: "x" }, predictor: predictor() }));
    const { stable, candidate } = world.status;
    expect(world.status).toMatchObject({ step: { name: "half" }, weights: { desired: 50 } });
    expect([stable?.digest, candidate?.digest]).toEqual([digest("a"), digest("b")]);
    expect(made(world, candidate?.revision)).toMatchObject({
      metadata: {
        labels: {
          team: "chat",
          "networking.kserve.io/visibility": "cluster-local",
          "dpo.dev/canary": CANARY,
          "dpo.dev/revision": candidate?.revision,
        },
        annotations: { note: "x", "serving.kserve.io/deploymentMode": "Standard", "dpo.dev/digest": digest("b") },
      },
      spec: { predictor: predictor({ maxReplicas: 2 }, modelUri("b")) },
    });
    const { labels, annotations } = made(world, candidate?.revision)?.metadata ?? {};
    // KServe would hand it on to pods that serve.
    expect([...Object.keys(labels ?? {}), ...Object.keys(annotations ?? {})].join()).not.toContain("knative");
    expect(made(world, stable?.revision)?.spec).toEqual({ predictor: predictor({ maxReplicas: 2 }) });
    expect(world.cluster.services.get(key(candidate?.revision))?.spec).toMatchObject({
      selector: { app: `isvc.${CANARY}-${candidate?.revision}-predictor` },
      ports: [{ port: 8080, targetPort: 8000 }],
    });
    expect(world.faults()).toEqual([]);
  });

  it("is promoted, and the one before it goes: by its InferenceService and its Service, the rest is KServe's", () => {
    const world = running();
    const { revision = "" } = world.status.candidate ?? {};
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision } });
    const kept = [`${CANARY}-${revision}`, `${CANARY}-${revision}-predictor`];
    expect(names(world)).toEqual([...kept, ...kept, world.samplerName, world.samplerName].toSorted());
    expect(world.effects.filter(({ type }) => type === "DeleteDeployment")).toEqual([]);
    expect(world.faults()).toEqual([]);
  });

  it("never changes once it is made: KServe hands on labels to the pods, and would restart them", () => {
    const world = running();
    const { revision } = world.status.candidate ?? {};
    const before = made(world, revision);
    world.vote(wins);
    world.settle();
    expect(applied(world)).toHaveLength(2);
    expect(made(world, revision)?.metadata).toEqual(before?.metadata);
    const { labels } = world.cluster.services.get(key(revision))?.metadata ?? {};
    expect(labels).toMatchObject({ "dpo.dev/role": "stable" });
  });

  it("stays as KServe's webhook has made it", () => {
    const world = started();
    const { revision } = world.status.stable ?? {};
    const object = standing(world, revision);
    const annotations = { "serving.kserve.io/deploymentMode": "RawDeployment", modelFormat: "huggingface" };
    const model = { modelFormat: { name: "huggingface", version: "1" } };
    const spec = { predictor: { model, minReplicas: 2, maxReplicas: 2 } };
    world.cluster.put(world.cluster.inferenceServices, {
      ...object,
      metadata: { ...object.metadata, annotations },
      spec,
    });
    world.settle();
    expect(applied(world)).toHaveLength(1);
    edit(world, { predictor: predictor({ minReplicas: 3 }) });
    world.settle();
    expect(made(world, revision)).toMatchObject({ metadata: { annotations }, spec: { predictor: { model } } });
  });

  it("has as many pods as Git says by then, without a run", () => {
    const world = running();
    const { candidate } = world.status;
    edit(world, { predictor: predictor({ minReplicas: 3, maxReplicas: 5 }) });
    world.settle(10_000);
    expect(world.status.candidate).toEqual(candidate);
    const scales = () =>
      world.cluster.inferenceServices
        .list()
        .map(({ spec }) => [spec?.predictor.minReplicas, spec?.predictor.maxReplicas]);
    expect(scales()).toEqual([
      [3, 5],
      [3, 5],
    ]);
    edit(world, { predictor: predictor({ minReplicas: 3 }) });
    world.settle(10_000);
    expect(scales()).toEqual([
      [3, 3],
      [3, 3],
    ]);
    expect(world.status.lastRun).toBeUndefined();
  });

  it("has as many pods as Git says, whatever somebody else adds to it", () => {
    const world = started(specOf({ predictor: { model: predictor().model } }));
    const { revision } = world.status.stable ?? {};
    const object = standing(world, revision);
    const spec = object.spec && { predictor: { ...object.spec.predictor, minReplicas: 2, maxReplicas: 5 } };
    world.cluster.put(world.cluster.inferenceServices, { ...object, spec });
    world.settle();
    expect(made(world, revision)?.spec?.predictor).toMatchObject({ minReplicas: 1, maxReplicas: 1 });
    expect(applied(world)).toHaveLength(2);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" } });
  });

  it("has as many pods as the other arm while requests may go from one to the other, and as Git says after that", () => {
    const world = started(specOf({ predictor: predictor({ maxReplicas: 4 }) }));
    const stable = world.status.stable?.revision;
    const least = (revision?: string) => made(world, revision)?.spec?.predictor.minReplicas;
    const autoscale = (replicas: number) => {
      const key = { namespace: NAMESPACE, name: `${CANARY}-${stable}-predictor` };
      const deployment = world.cluster.deployments.get(key);
      if (deployment?.spec === undefined) throw new Error("no Deployment was made");
      world.cluster.put(world.cluster.deployments, { ...deployment, spec: { ...deployment.spec, replicas } });
      world.cluster.setReady(key.name);
    };
    autoscale(3);
    world.settle();
    expect(least(stable)).toBe(2);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    const { revision } = world.status.candidate ?? {};
    expect([least(stable), least(revision)]).toEqual([3, 3]);
    autoscale(9);
    world.settle(10_000);
    expect([least(stable), least(revision)]).toEqual([4, 4]);
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision } });
    expect(least(revision)).toBe(2);
    expect(world.faults()).toEqual([]);
  });

  it("takes its steps, and an order to promote it, with as many pods as KServe's autoscaler finds room for", () => {
    const steps = [
      { name: "tenth", weight: 10, minDuration: "1m" },
      { name: "half", weight: 50 },
    ];
    const world = started(specOf({ predictor: predictor({ maxReplicas: 8 }) }, { steps }));
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(20_000);
    const { revision = "" } = world.status.candidate ?? {};
    const name = `${CANARY}-${revision}-predictor`;
    const deployment = world.cluster.deployments.get({ namespace: NAMESPACE, name });
    if (deployment?.spec === undefined) throw new Error("no Deployment was made");
    world.autoReady = false;
    world.cluster.put(world.cluster.deployments, { ...deployment, spec: { ...deployment.spec, replicas: 5 } });
    world.cluster.setReady(name, 4);
    world.later(120_000);
    expect(world.status).toMatchObject({ step: { name: "half" }, weights: { desired: 50 } });
    world.annotate({ "dpo.dev/promote": revision });
    world.settle();
    expect(world.route?.metadata.annotations).toMatchObject({ "dpo.dev/stable": revision });
  });

  it("is tried anew when anything else of the template changes", () => {
    const world = started();
    edit(world, { predictor: predictor({ timeout: 60 }) });
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" }, candidate: { digest: digest("a") } });
    expect(made(world, world.status.candidate?.revision)?.spec?.predictor).toMatchObject({ timeout: 60 });
  });

  it("is Unverified where the template's URI does not end in a digest, and keeps that URI", () => {
    const world = started(specOf({ predictor: predictor({}, "hf://org/base") }));
    expect(world.status.stable?.digest).toBe("");
    expect(made(world, world.status.stable?.revision)?.spec?.predictor.model.storageUri).toBe("hf://org/base");
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    expect(made(world, world.status.candidate?.revision)?.spec?.predictor.model.storageUri).toBe(modelUri("b"));
  });

  it("offers an autoscaler of the canary nothing to scale", () => {
    expect(started().status).not.toHaveProperty("selector");
  });

  it("is made again when somebody deletes it, but not before KServe has let go of it", () => {
    const world = started();
    const { revision } = world.status.stable ?? {};
    const object = standing(world, revision);
    const metadata = { ...object.metadata, finalizers: ["inferenceservice.finalizers"] };
    world.cluster.put(world.cluster.inferenceServices, { ...object, metadata });
    world.cluster.remove(world.cluster.inferenceServices, metadata.name);
    world.settle();
    expect(applied(world)).toHaveLength(1);
    const held = made(world, revision);
    world.cluster.put(world.cluster.inferenceServices, { ...held, metadata: { ...metadata, finalizers: [] } });
    world.cluster.apply({ type: "DeleteInferenceService", name: metadata.name, uid: metadata.uid });
    world.settle();
    expect(applied(world)).toHaveLength(2);
    expect(world.status).toMatchObject({ phase: "Idle", stable: { revision } });
  });

  it("is one of several that are chosen from", () => {
    const candidates = ["b", "c"].map((digit) => ({ name: digit, uri: modelUri(digit), digest: digest(digit) }));
    const world = started(specOf(undefined, { model: { candidates }, selection: {} }));
    expect(world.status).toMatchObject({ step: { name: "selection 2/2 left" } });
    expect(world.cluster.inferenceServices.list()).toHaveLength(3);
    world.voteFor("c", wins);
    world.settle(30_000);
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { digest: digest("c") } });
    expect(world.cluster.inferenceServices.list()).toHaveLength(1);
    expect(world.faults()).toEqual([]);
  });
});

describe("an InferenceService that is not ready", () => {
  it("gets no request, and status says what KServe says of it", () => {
    const world = starting();
    const { candidate } = world.status;
    expect(ready(world)?.message).toContain("KServe has not said why InferenceService");
    report(world, candidate?.revision, {
      conditions: [
        { type: "PredictorReady", status: "Unknown", reason: "ReplicaSetUpdated", message: "is progressing" },
      ],
    });
    world.settle(10_000);
    expect(ready(world)?.message).toMatch(
      /0 of 2 pods are ready, and KServe says of InferenceService .*: is progressing/,
    );
    world.cluster.makePredictors();
    world.settle(10_000);
    expect(ready(world)?.message).toContain("0 of 2 pods are ready");
    expect(world.status.step).toBeUndefined();
    world.cluster.setReady(`${CANARY}-${candidate?.revision}-predictor`);
    world.settle(10_000);
    expect(weightIn(world.slots ?? stableAlone(""), candidate?.revision ?? "")).toBe(0);
    report(world, candidate?.revision, PREDICTOR_READY);
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" } });
  });

  it("waits for KServe's autoscaler, whose Deployments begin with one pod", () => {
    const world = starting();
    const { revision } = world.status.candidate ?? {};
    world.cluster.makePredictors();
    const made = world.cluster.deployments.get({ namespace: NAMESPACE, name: `${CANARY}-${revision}-predictor` });
    if (made === undefined) throw new Error("no Deployment was made");
    const scale = (replicas: number) => {
      world.cluster.put(world.cluster.deployments, { ...made, spec: made.spec && { ...made.spec, replicas } });
      world.cluster.setReady(made.metadata.name);
      world.settle(30_000);
    };
    report(world, revision, PREDICTOR_READY);
    scale(1);
    expect(ready(world)?.message).toContain("1 of 2 pods are ready");
    expect(world.status.step).toBeUndefined();
    scale(2);
    expect(world.status).toMatchObject({ step: { name: "half" } });
  });

  it("fails its run after ten minutes, with the reason that KServe has, and rejects nothing", () => {
    const world = starting();
    const lastFailureInfo = { reason: "ModelLoadFailed", message: "no config.json", exitCode: 1 };
    report(world, world.status.candidate?.revision, {
      conditions: [{ type: "PredictorReady", status: "False", message: "is progressing" }],
      modelStatus: { lastFailureInfo },
    });
    world.later(9 * 60_000);
    expect(ready(world)?.message).toContain(
      "is progressing; last failure: ModelLoadFailed (exit code 1): no config.json",
    );
    expect(world.status.lastRun).toBeUndefined();
    world.later(2 * 60_000);
    expect(world.status).toMatchObject({ phase: "Stalled", lastRun: { outcome: "Failed" } });
    expect(world.status.lastRun?.message).toContain("ModelLoadFailed (exit code 1): no config.json");
    expect(world.route?.metadata.annotations).not.toHaveProperty("dpo.dev/rejected");
    expect(world.cluster.inferenceServices.list()).toHaveLength(1);
  });

  it("in another mode than it asks for says which annotation an older KServe needs", () => {
    const world = starting();
    report(world, world.status.candidate?.revision, { ...PREDICTOR_READY, deploymentMode: "Serverless" });
    world.settle(10_000);
    expect(ready(world)?.message).toMatch(
      /in mode Serverless.*asks for Standard: before KServe 0.16 that has to be RawDeployment/,
    );
  });

  it("does not lose its requests for a moment in which KServe says so while pods of it can serve", () => {
    const world = running();
    const { revision = "" } = world.status.candidate ?? {};
    report(world, revision, { conditions: [{ type: "PredictorReady", status: "False", message: "1 of 2" }] });
    world.settle(10_000);
    expect(weightIn(world.slots ?? stableAlone(""), revision)).toBeGreaterThan(0);
  });
});
