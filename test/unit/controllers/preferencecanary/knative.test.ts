import { describe, expect, it } from "vitest";
import { removeArm } from "../../../../src/controllers/preferencecanary/policies/cleanup-policy.ts";
import { stableAlone, weightIn } from "../../../../src/traffic/slots.ts";
import { CANARY, digest, NAMESPACE } from "../../../builders/canary.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { knativeRevision, knativeStatus, madeByKnative } from "../../../builders/kserve.ts";
import {
  applied,
  edit,
  key,
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

const annotations = { "serving.kserve.io/deploymentMode": "Knative" };

function knative(changes = {}) {
  return { annotations, predictor: predictor(changes) };
}

/** Where requests to an arm end up. */
function pods(world: CanaryWorld, revision: string | undefined) {
  return world.cluster.services.get(key(revision))?.spec?.selector;
}

function podsOf(knativeRevision: string) {
  return { "serving.knative.dev/revisionUID": `uid-of-${knativeRevision}` };
}

/** Knative: makes pods of the second template that it was given, and has them ready or not. */
function rollOut(
  world: CanaryWorld,
  revision: string | undefined,
): { readonly first: string; readonly second: string } {
  const object = standing(world, revision);
  const [first, second] = [knativeRevision(object, 1), knativeRevision(object, 2)];
  const { deployment, service } = madeByKnative(object, second);
  world.cluster.put(world.cluster.deployments, deployment);
  world.cluster.put(world.cluster.services, service);
  report(world, revision, knativeStatus(first, second));
  return { first, second };
}

describe("an arm that KServe runs in Knative mode", () => {
  it.each(["Knative", "Serverless"])(
    "takes its steps and is promoted like any other, with requests that go to Knative's sidecar: %s",
    (mode) => {
      const annotations = { "serving.kserve.io/deploymentMode": mode };
      const world = running(specOf({ annotations, predictor: predictor() }));
      const { revision } = world.status.candidate ?? {};
      expect(world.status).toMatchObject({ step: { name: "half" }, weights: { desired: 50 } });
      const object = standing(world, revision);
      expect(object.metadata).toMatchObject({
        // KServe makes a Service of this name, which may not be the arm's.
        name: `${CANARY}-${revision}-isvc`,
        labels: { "networking.knative.dev/visibility": "cluster-local" },
        // Its own patience is ten minutes.
        annotations: { ...annotations, "serving.knative.dev/progress-deadline": "8760h" },
      });
      expect(pods(world, revision)).toEqual(podsOf(knativeRevision(object, 1)));
      expect(world.cluster.services.get(key(revision))?.spec?.ports).toMatchObject([{ port: 8080, targetPort: 8012 }]);
      world.vote(wins);
      world.settle();
      expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision, digest: digest("b") } });
      expect(world.cluster.inferenceServices.list()).toHaveLength(1);
      expect(world.faults()).toEqual([]);
    },
  );

  it("is not taken away as long as the route names its Service, which is called otherwise", () => {
    const world = running(specOf(knative()));
    const { observed } = world.facts();
    const arm = observed.arms.get(world.status.candidate?.revision ?? "");
    expect(arm?.inferenceService).toBeDefined();
    expect(removeArm(observed, arm ?? {})).toBeUndefined();
  });

  it("stalls its canary when the API server does not take it", () => {
    const world = started(specOf(knative()));
    world.refuses = ({ type }) => type === "ApplyInferenceService";
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(10_000);
    expect(ready(world)).toMatchObject({ status: "False", reason: "PodsRefused" });
  });

  it("is a run of its own where stable is in Standard mode", () => {
    const world = started();
    edit(world, knative());
    world.settle(30_000);
    const { stable, candidate } = world.status;
    expect(world.status).toMatchObject({ step: { name: "half" }, candidate: { digest: digest("a") } });
    expect(pods(world, stable?.revision)).toEqual({ app: `isvc.${CANARY}-${stable?.revision}-predictor` });
    expect(pods(world, candidate?.revision)).toEqual(podsOf(knativeRevision(standing(world, candidate?.revision), 1)));
  });

  it("is found by Knative's labels, since names that are too long are cut, and never by the Service without a selector", () => {
    const world = starting(specOf(knative()));
    const { revision } = world.status.candidate ?? {};
    const object = standing(world, revision);
    const knativeName = knativeRevision(object, 1);
    const { deployment, service } = madeByKnative(object, knativeName);
    const { cluster } = world;
    const cut = <T extends { readonly metadata: { readonly name: string } }>(object: T): T => ({
      ...object,
      metadata: { ...object.metadata, name: `cut-${object.metadata.name}` },
    });
    const labels = { ...service.metadata.labels, "networking.internal.knative.dev/serviceType": "Public" };
    cluster.put(cluster.services, { metadata: { ...service.metadata, name: knativeName, labels }, spec: {} });
    cluster.put(cluster.services, cut(service));
    cluster.put(cluster.deployments, cut(deployment));
    world.cluster.setReady(`cut-${deployment.metadata.name}`);
    report(world, revision, knativeStatus(knativeName));
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" } });
    expect(pods(world, revision)).toEqual(podsOf(knativeName));
  });

  it("goes on with the pods it has until those of another template of Knative's are ready", () => {
    const world = running(specOf(knative()));
    const { revision = "" } = world.status.candidate ?? {};
    edit(world, knative({ minReplicas: 3 }));
    world.settle(10_000);
    expect(standing(world, revision).spec?.predictor.minReplicas).toBe(3);
    const { first, second } = rollOut(world, revision);
    world.settle(10_000);
    expect(pods(world, revision)).toEqual(podsOf(first));
    expect(weightIn(world.slots ?? stableAlone(""), revision)).toBeGreaterThan(0);
    world.cluster.setReady(`${second}-deployment`);
    report(world, revision, knativeStatus(second));
    world.settle(10_000);
    expect(pods(world, revision)).toEqual(podsOf(second));
    expect(world.status).toMatchObject({ step: { name: "half" } });
    expect(world.faults()).toEqual([]);
  });

  it("says what those of another template wait for, and not that its route is nobody's", () => {
    const world = running(specOf(knative()));
    const { revision } = world.status.candidate ?? {};
    edit(world, knative({ minReplicas: 3 }));
    world.settle(10_000);
    const { first, second } = rollOut(world, revision);
    const next = world.cluster.deployments.get({ namespace: NAMESPACE, name: `${second}-deployment` });
    if (next === undefined) throw new Error("no Deployment was made");
    const message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu";
    world.autoReady = false;
    world.cluster.addPod(next, { phase: "Pending", conditions: [world.cluster.unscheduled(message)] });
    world.vote(wins);
    world.settle(10_000);
    const said = ready(world)?.message;
    expect(said).toContain("2 of 3 pods");
    expect(said).toContain(
      `Knative makes the pods of InferenceService ${CANARY}-${revision}-isvc anew as ${second}, and those of ${first} serve until these are ready`,
    );
    expect(said).toContain(message);
    expect(said).not.toContain("IngressNotConfigured");
    world.later(9 * 60_000);
    world.cluster.setReady(next.metadata.name, 1);
    world.later(9 * 60_000);
    expect(world.status.lastRun).toBeUndefined();
    world.later(2 * 60_000);
    expect(world.status.lastRun).toMatchObject({ outcome: "Failed" });
  });

  it("finds its pods without the operator once its canary is deleted, whatever Knative makes of them", () => {
    const world = running(specOf(knative()));
    const { revision } = world.status.stable ?? {};
    world.deleteCanary();
    world.settle();
    const selector = { "serving.knative.dev/service": `${CANARY}-${revision}-isvc-predictor` };
    expect(pods(world, revision)).toEqual(selector);
    expect(world.cluster.services.get(key(revision))?.metadata.finalizers ?? []).toEqual([]);
    expect(world.cluster.inferenceServices.list()).toHaveLength(1);
    expect(world.faults()).toEqual([]);
  });

  it("has the number of pods that Git says and no other: to Knative another one is another template", () => {
    const world = started(specOf(knative({ maxReplicas: 4 })));
    const { revision } = world.status.stable ?? {};
    const name = `${knativeRevision(standing(world, revision), 1)}-deployment`;
    const deployment = world.cluster.deployments.get({ namespace: NAMESPACE, name });
    if (deployment?.spec === undefined) throw new Error("no Deployment was made");
    world.cluster.put(world.cluster.deployments, { ...deployment, spec: { ...deployment.spec, replicas: 4 } });
    world.cluster.setReady(name);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" } });
    expect(world.cluster.inferenceServices.list().map(({ spec }) => spec?.predictor.minReplicas)).toEqual([2, 2]);
    expect(applied(world)).toHaveLength(2);
  });

  it("says of pods that are not there yet what they, and KServe, say", () => {
    const world = starting(specOf(knative()));
    const { revision } = world.status.candidate ?? {};
    expect(ready(world)?.message).toContain("0 of 2 pods are ready, and KServe has not said why InferenceService");
    const object = standing(world, revision);
    const created = knativeRevision(object, 1);
    const { deployment } = madeByKnative(object, created);
    world.cluster.put(world.cluster.deployments, deployment);
    const message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu";
    const made = world.cluster.deployments.get(deployment.metadata);
    if (made === undefined) throw new Error("no Deployment was made");
    world.cluster.addPod(made, { phase: "Pending", conditions: [world.cluster.unscheduled(message)] });
    report(world, revision, knativeStatus(undefined, created));
    world.settle(10_000);
    expect(ready(world)?.message).toContain(message);
    expect(world.status.step).toBeUndefined();
    report(world, revision, {
      conditions: [
        { type: "PredictorReady", status: "False", reason: "RevisionMissing", message: "no ready Revision" },
        { type: "PredictorConfigurationReady", status: "False", message: "Container failed with: boom" },
      ],
      deploymentMode: "Knative",
      components: { predictor: { latestCreatedRevision: created } },
    });
    world.settle(10_000);
    expect(ready(world)?.message).toContain("Container failed with: boom");
    expect(ready(world)?.message).not.toContain("no ready Revision");
  });

  it("waits for minReplicas, whatever an annotation says that means nothing to Knative", () => {
    const autoscaler = { "serving.kserve.io/autoscalerClass": "external" };
    const world = starting(specOf({ ...knative(), annotations: { ...annotations, ...autoscaler } }));
    const { revision } = world.status.candidate ?? {};
    const object = standing(world, revision);
    const { deployment, service } = madeByKnative(object, knativeRevision(object, 1));
    const spec = deployment.spec && { ...deployment.spec, replicas: 1 };
    world.cluster.put(world.cluster.services, service);
    world.cluster.put(world.cluster.deployments, { ...deployment, spec });
    world.cluster.setReady(deployment.metadata.name);
    report(world, revision, knativeStatus(knativeRevision(object, 1)));
    world.settle(10_000);
    expect(ready(world)?.message).toContain("1 of 2 pods are ready");
    expect(world.status.step).toBeUndefined();
  });

  it("says what Knative has against it where no pod is made at all", () => {
    const world = starting(specOf(knative()));
    const message = "fails to reconcile predictor: admission webhook denied the request: not a DNS 1035 label";
    report(world, world.status.candidate?.revision, {
      conditions: [{ type: "PredictorReady", status: "False", reason: "ReconcileFailed", message }],
      deploymentMode: "Knative",
      components: { predictor: {} },
    });
    world.settle(10_000);
    expect(ready(world)?.message).toContain(message);
  });
});
