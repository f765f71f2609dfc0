import { describe, expect, it } from "vitest";
import { stableAlone, WHOLE, weightIn } from "../../../../src/traffic/slots.ts";
import {
  CANARY,
  canaryObject,
  canarySpec,
  digest,
  modelUri,
  NAMESPACE,
  podTemplate,
  WORKLOAD,
} from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

function inline(image = "server:1") {
  return { template: podTemplate(modelUri("a"), image) };
}

function podOf(world: CanaryWorld, revision = "") {
  const deployment = world.cluster.deployments.get({ namespace: NAMESPACE, name: `${CANARY}-${revision}` });
  return deployment?.spec?.template.spec;
}

const BLUE = { service: "assistant-blue", digest: digest("a") };
const GREEN = { service: "assistant-green", digest: digest("b") };

function putService(
  world: CanaryWorld,
  name: string,
  selector: Readonly<Record<string, string>> = { app: name },
): void {
  const spec = { selector, ports: [{ port: 80, targetPort: "http", appProtocol: "kubernetes.io/h2c" }] };
  world.cluster.put(world.cluster.services, { metadata: { name }, spec });
}

function externalSpec(external: object) {
  return canarySpec({ model: {}, serving: { external } });
}

/** Git: other Services, or other digests. */
function name(world: CanaryWorld, external: object): void {
  world.edit({ serving: canaryObject(externalSpec(external)).spec.serving });
}

/** Blue serves, and green waits to be tried. */
function external(arms: object = { stable: BLUE, candidate: GREEN }): CanaryWorld {
  const world = new CanaryWorld(externalSpec(arms));
  putService(world, BLUE.service);
  putService(world, GREEN.service);
  world.settle(30_000);
  return world;
}

function weightOfCandidate(world: CanaryWorld): number {
  return weightIn(world.slots ?? stableAlone(""), world.status.candidate?.revision ?? "none");
}

function ready(world: CanaryWorld) {
  return world.status.conditions?.find(({ type }) => type === "Ready");
}

function ownService(world: CanaryWorld, revision = "") {
  return world.cluster.services.get({ namespace: NAMESPACE, name: `${CANARY}-${revision}` });
}

describe("serving.external", () => {
  it("moves traffic between Services whose pods somebody else runs, and makes no arm of its own", () => {
    const world = external();
    const { stable, candidate } = world.status;
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" }, weights: { desired: 50 } });
    expect([stable?.digest, candidate?.digest]).toEqual([digest("a"), digest("b")]);
    expect(ownService(world, candidate?.revision)?.spec).toMatchObject({
      selector: { app: GREEN.service },
      ports: [{ port: 8080, targetPort: "http", appProtocol: "kubernetes.io/h2c" }],
    });
    const made = world.cluster.deployments.list().map(({ metadata }) => metadata.name);
    expect(made).toEqual([world.samplerName]);
    world.vote(Array<1>(60).fill(1));
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate?.revision } });
    const [promoted] = world.cluster.records
      .list()
      .filter(({ metadata }) => metadata.name.endsWith(candidate?.revision ?? ""));
    expect(promoted?.metadata.annotations).toMatchObject({ "dpo.dev/verdict": "Promoted" });
    expect(ownService(world, stable?.revision)).toBeUndefined();
    expect(world.cluster.services.get({ namespace: NAMESPACE, name: BLUE.service })).toBeDefined();
    expect(world.faults()).toEqual([]);
  });

  it("goes on serving while one of several models is chosen, whose pods are the operator's", () => {
    const world = external({ stable: BLUE });
    const { stable } = world.status;
    const candidates = ["b", "c"].map((digit) => ({ name: digit, uri: modelUri(digit), digest: digest(digit) }));
    const selecting = canarySpec({ serving: inline(), model: { candidates }, selection: {} });
    const { serving, model, selection } = canaryObject(selecting).spec;
    world.edit({ serving, model, ...(selection && { selection }) });
    world.settle(30_000);
    expect(world.status).toMatchObject({ phase: "Progressing", stable, step: { name: "selection 2/2 left" } });
    expect(world.slots).toEqual(stableAlone(stable?.revision ?? ""));
    world.voteFor("b", Array<0>(60).fill(0));
    world.voteFor("c", Array<0>(60).fill(0));
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", stable });
    expect(world.faults()).toEqual([]);
  });

  it("takes a predictor's Service as KServe makes it in Standard mode, headless or not", () => {
    const predictor = "green-predictor";
    const world = external({ stable: BLUE });
    const port = { name: predictor, port: 80, targetPort: 8080, protocol: "TCP" };
    const spec = { clusterIP: "None", selector: { app: `isvc.${predictor}` }, ports: [port] };
    world.cluster.put(world.cluster.services, { metadata: { name: predictor }, spec });
    name(world, { stable: BLUE, candidate: { ...GREEN, service: predictor } });
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" }, weights: { desired: 50 } });
    expect(ownService(world, world.status.candidate?.revision)?.spec).toMatchObject({
      selector: { app: `isvc.${predictor}` },
      ports: [{ port: 8080, targetPort: 8080 }],
    });
  });

  it("says after a promotion what Git should say next, which starts no run, and takes the next one from there", () => {
    const world = external();
    world.vote(Array<1>(60).fill(1));
    world.settle();
    expect(ready(world)?.message).toContain(
      "Git still calls Service assistant-blue stable: name assistant-green there",
    );
    const promoted = world.status.stable;
    name(world, { stable: GREEN });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: promoted });
    expect(ready(world)?.message).not.toContain("Git still calls");
    name(world, { stable: GREEN, candidate: { ...BLUE, digest: digest("c") } });
    world.settle(30_000);
    expect(world.status).toMatchObject({
      stable: promoted,
      candidate: { digest: digest("c") },
      step: { name: "half" },
    });
    expect(world.faults()).toEqual([]);
  });

  it("rolls back, stays so while Git asks for the same, and is Idle when it asks no more", () => {
    const world = external();
    const { stable } = world.status;
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", stable });
    world.annotate({ "dpo.dev/retry": world.status.lastRun?.revision ?? "" });
    world.settle(30_000);
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: { digest: digest("b") } });
    name(world, { stable: BLUE });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Idle", stable, lastRun: { outcome: "Superseded" } });
    expect(world.faults()).toEqual([]);
  });

  it("takes a candidate that answers no more out of the route, and lets it in again", () => {
    const world = external();
    world.probing.setArms({ type: "Denied", words: "its Service does not answer" });
    world.settle(10_000);
    expect(weightOfCandidate(world)).toBe(0);
    expect(ready(world)).toMatchObject({ reason: "CandidateNotReady" });
    world.probing.setArms({ type: "Confirmed" });
    world.settle(10_000);
    expect(weightOfCandidate(world)).toBe(WHOLE / 2);
    expect(world.faults()).toEqual([]);
  });

  it("fails a candidate ten minutes after it last answered, however long it had been in shadow before", () => {
    const world = new CanaryWorld(
      canarySpec({
        model: {},
        serving: { external: { stable: BLUE, candidate: GREEN } },
        steps: [{ name: "shadow", weight: 0, minDuration: "10h" }],
      }),
    );
    for (const { service } of [BLUE, GREEN]) putService(world, service);
    world.settle(30_000);
    world.later(3_600_000);
    world.probing.setArms({ type: "Denied", words: "its Service does not answer" });
    world.later(9 * 60_000);
    expect(world.status).toMatchObject({ step: { name: "shadow" } });
    world.later(2 * 60_000);
    expect(world.status.lastRun?.outcome).toBe("Failed");
  });

  it("asks a Service that served before anew when it is a candidate again", () => {
    const world = external();
    world.vote(Array<1>(60).fill(1));
    world.settle();
    name(world, { stable: GREEN });
    world.settle();
    world.later(3_600_000);
    world.probing.setArms(undefined);
    name(world, { stable: GREEN, candidate: BLUE });
    world.later(60_000);
    expect(world.status.lastRun?.outcome).toBe("Promoted");
    world.probing.setArms({ type: "Confirmed" });
    world.later(60_000);
    expect(world.status).toMatchObject({ candidate: { digest: digest("a") }, step: { name: "half" } });
  });

  it("makes no arm of a Service that selects pods of the one that serves, and says so", () => {
    const world = external({ stable: BLUE });
    putService(world, GREEN.service, { app: BLUE.service, version: "green" });
    name(world, { stable: BLUE, candidate: GREEN });
    world.settle(30_000);
    expect(ready(world)?.message).toContain("Services assistant-blue and assistant-green select some pods both");
    expect(weightOfCandidate(world)).toBe(0);
    putService(world, GREEN.service);
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" } });
    expect(world.faults()).toEqual([]);
  });

  it("says that what serves has lost its Service, and follows a protocol that is taken away", () => {
    const world = external({ stable: BLUE });
    const spec = { selector: { app: BLUE.service }, ports: [{ port: 80, targetPort: "http" }] };
    world.cluster.put(world.cluster.services, { metadata: { name: BLUE.service }, spec });
    world.settle();
    expect(ownService(world, world.status.stable?.revision)?.spec?.ports?.[0]).not.toHaveProperty("appProtocol");
    world.cluster.remove(world.cluster.services, BLUE.service);
    world.settle();
    expect(ready(world)).toMatchObject({
      status: "Unknown",
      reason: "StableNotReady",
      message: expect.stringContaining("there is no Service assistant-blue in this namespace"),
    });
  });

  it("fails a candidate that never answers within ten minutes, and rejects nothing", () => {
    const world = external({ stable: BLUE });
    world.probing.setArms({ type: "Denied", words: "its Service does not answer" });
    name(world, { stable: BLUE, candidate: GREEN });
    world.settle(11 * 60_000);
    expect(world.status).toMatchObject({ phase: "Stalled", lastRun: { outcome: "Failed" } });
    expect(world.status.lastRun?.message).toMatch(/it got no request for 10m: its Service does not answer/);
    expect(world.route?.metadata.annotations).not.toHaveProperty("dpo.dev/rejected");
  });

  it("waits for a Service that is not there, or that selects nothing, and says so", () => {
    const world = new CanaryWorld(externalSpec({ stable: BLUE }));
    world.settle();
    expect(ready(world)?.message).toContain("there is no Service assistant-blue in this namespace");
    putService(world, BLUE.service, {});
    world.settle();
    expect(ready(world)?.message).toContain("Service assistant-blue has no selector");
    name(world, { stable: { ...BLUE, port: 8000 } });
    putService(world, BLUE.service);
    world.settle();
    expect(ready(world)?.message).toContain("Service assistant-blue has no port 8000: it has 80");
    expect(world.route).toBeUndefined();
  });

  it("follows the selector of their Service without a run", () => {
    const world = external({ stable: BLUE });
    putService(world, BLUE.service, { role: "blue" });
    world.settle();
    expect(ownService(world, world.status.stable?.revision)?.spec?.selector).toEqual({ role: "blue" });
    expect(world.status).toMatchObject({ phase: "Idle" });
    expect(world.status.candidate).toBeUndefined();
  });

  it("compares nothing with itself: another model behind the Service that serves is no candidate", () => {
    const world = external({ stable: BLUE });
    name(world, { stable: { ...BLUE, digest: digest("c") } });
    world.settle();
    expect(ready(world)).toMatchObject({ reason: "SameService", message: expect.stringContaining("assistant-blue") });
    expect(world.status.candidate).toBeUndefined();
  });

  it("takes a candidate back that Git names no more, also where the same commit says what cannot be compared", () => {
    const world = external();
    const { stable, candidate } = world.status;
    expect(weightOfCandidate(world)).toBe(WHOLE / 2);
    name(world, { stable: { ...BLUE, digest: digest("c") } });
    world.settle(30_000);
    expect(world.status.candidate).toBeUndefined();
    expect(world.slots).toEqual(stableAlone(stable?.revision ?? ""));
    expect(world.status.lastRun).toMatchObject({ revision: candidate?.revision, outcome: "Superseded" });
    expect(ready(world)).toMatchObject({ reason: "SameService" });
    expect(world.faults()).toEqual([]);
  });

  it("leaves behind what serves, and what is theirs, when it is deleted in mid-run", () => {
    const world = external();
    const { stable, candidate } = world.status;
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    expect(ownService(world, stable?.revision)?.metadata.finalizers).toEqual([]);
    expect(ownService(world, candidate?.revision)).toBeUndefined();
    expect(world.cluster.services.get({ namespace: NAMESPACE, name: GREEN.service })).toBeDefined();
    expect(world.faults()).toEqual([]);
  });

  it("goes on with the same run after its status is lost", () => {
    const world = external();
    const { stable, candidate } = world.status;
    world.loseStatus();
    world.restart();
    world.settle(30_000);
    expect([world.status.stable, world.status.candidate?.revision]).toEqual([stable, candidate?.revision]);
    expect(world.faults()).toEqual([]);
  });
});

describe("serving.template", () => {
  it("is what both arms are made from, and a change of it starts a run", () => {
    const world = new CanaryWorld(canarySpec({ serving: inline() }));
    world.settle();
    expect(world.status).toMatchObject({ phase: "Idle", stable: { digest: digest("a") } });
    expect(podOf(world, world.status.stable?.revision)?.containers[0]).toMatchObject({ image: "server:1" });
    const { modelEnv, port } = world.canary.spec.serving;
    world.edit({ serving: { ...inline("server:2"), modelEnv, port } as unknown as typeof world.canary.spec.serving });
    world.settle(15_000);
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: { digest: digest("a") } });
    expect(podOf(world, world.status.candidate?.revision)?.containers[0]).toMatchObject({ image: "server:2" });
    expect(world.faults()).toEqual([]);
  });

  it("makes the same revision as a workload with the same template", () => {
    const revisions = [canarySpec(), canarySpec({ serving: inline() })].map((spec) => {
      const world = new CanaryWorld(spec);
      world.workload();
      world.settle();
      return world.status.stable?.revision;
    });
    expect(revisions[0]).toBe(revisions[1]);
  });

  it("needs no workload, and a workload that is gone is missed where it is named alone", () => {
    const world = new CanaryWorld(canarySpec());
    world.settle();
    expect(world.status.conditions?.[0]).toMatchObject({ reason: "WorkloadNotFound" });
    expect(world.status.conditions?.[0]?.message).toContain(WORKLOAD);
  });
});

describe("a model that no pod can mount", () => {
  const bad = `pvc://models/current/sha256/${"c".repeat(64)}`;
  const said = `The variable MODEL_URI of Deployment ${WORKLOAD}: "${bad}" is not an artifact URI: write pvc://<claim>/sha256/<64 hex digits>`;

  it("is refused in words before anything is made of it, and what is made once it is mended serves", () => {
    const world = new CanaryWorld(canarySpec());
    world.workload(podTemplate(bad));
    world.settle();
    expect(world.status.phase).toBe("Stalled");
    expect(ready(world)).toMatchObject({ reason: "ModelRefused", message: said });
    expect(world.cluster.records.list()).toEqual([]);
    world.workload();
    world.settle();
    expect(world.status.phase).toBe("Idle");
  });

  it("takes a candidate back that is on its way, and status says that and why nothing follows", () => {
    const world = new CanaryWorld(canarySpec());
    world.workload();
    world.settle();
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle(30_000);
    const { candidate, stable } = world.status;
    expect(world.status.step?.name).toBe("half");
    world.workload(podTemplate(bad));
    world.settle();
    expect(world.status.lastRun).toMatchObject({ revision: candidate?.revision, outcome: "Superseded" });
    expect(ready(world)).toMatchObject({
      reason: "ModelRefused",
      message: `${said}. ${stable?.revision} goes on serving`,
    });
    expect(world.slots).toEqual(stableAlone(stable?.revision ?? ""));
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name: `${CANARY}-${candidate?.revision}` })).toBe(
      undefined,
    );
    expect(world.faults()).toEqual([]);
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
  });

  it.each(["Queue", "Supersede"])(
    "of a newer job takes no candidate back, and has no run after it: %s",
    (onNewCandidate) => {
      const world = new CanaryWorld(canarySpec({ onNewCandidate }));
      world.workload();
      world.settle();
      world.job("train-1", "b", "2026-01-02T00:00:00Z");
      world.settle(30_000);
      const { candidate } = world.status;
      world.job("train-2", "c", "2026-01-03T00:00:00Z", "s3://bucket/model");
      world.settle();
      expect(world.status).toMatchObject({ candidate, step: { name: "half" } });
      const problem = /status\.artifact\.uri of DPOJob train-2: "s3:\/\/bucket\/model" is not an artifact URI/;
      expect(ready(world)).toMatchObject({ reason: "InStep", message: expect.stringMatching(problem) });
      world.vote(Array<1>(60).fill(1));
      world.settle();
      expect(world.status.stable?.revision).toBe(candidate?.revision);
      expect(ready(world)).toMatchObject({ reason: "ModelRefused", message: expect.stringMatching(problem) });
      world.job("train-3", "d", "2026-01-04T00:00:00Z");
      world.settle(30_000);
      expect(ready(world)?.message).toMatch(/^Candidate [0-9a-f]{10} is in step half /);
      expect(ready(world)?.message).not.toMatch(problem);
    },
  );

  it("is named where it stands: in a template of the canary's own, or in a job's status", () => {
    const inSpec = new CanaryWorld(canarySpec({ serving: { template: podTemplate(bad) } }));
    inSpec.settle();
    expect(ready(inSpec)?.message).toMatch(/^The variable MODEL_URI of spec\.serving\.template: /);
    const world = new CanaryWorld(canarySpec());
    world.workload();
    world.settle();
    world.job("train-1", "b", "2026-01-02T00:00:00Z", "s3://bucket/model");
    world.settle();
    expect(ready(world)?.message).toMatch(/^status\.artifact\.uri of DPOJob train-1: "s3:\/\/bucket\/model" is not/);
  });
});
