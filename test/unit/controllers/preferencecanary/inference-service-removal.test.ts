import { describe, expect, it } from "vitest";
import { stableAlone, weightIn } from "../../../../src/traffic/slots.ts";
import { CANARY, digest, NAMESPACE } from "../../../builders/canary.ts";
import { CanaryWorld, type Crash } from "../../../builders/canary-world.ts";
import { made, predictor, ready, running, specOf, standing, wins } from "./kserve-scenario.ts";

describe("an InferenceService that KServe does not let go of", () => {
  const FINALIZER = ["inferenceservice.finalizers"];

  /** Its model was rolled back. */
  function held(): [CanaryWorld, string] {
    const world = running();
    const { revision = "" } = world.status.candidate ?? {};
    const object = standing(world, revision);
    const metadata = { ...object.metadata, finalizers: FINALIZER };
    world.cluster.put(world.cluster.inferenceServices, { ...object, metadata });
    world.vote(Array<0>(60).fill(0));
    world.settle();
    return [world, revision];
  }

  function letGo(world: CanaryWorld, revision: string): void {
    const object = made(world, revision);
    if (object === undefined) throw new Error("nothing was held");
    const metadata = { ...object.metadata, finalizers: [] };
    world.cluster.put(world.cluster.inferenceServices, { ...object, metadata });
    world.cluster.apply({ type: "DeleteInferenceService", name: metadata.name, uid: metadata.uid });
  }

  it("ends its run all the same, status says who is waited for, and the next model gets a run", () => {
    const [world, revision] = held();
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { revision, outcome: "RolledBack" } });
    expect(ready(world)?.message).toContain(`KServe has not let go of InferenceService ${CANARY}-${revision}`);
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(30_000);
    expect(world.status).toMatchObject({ step: { name: "half" }, candidate: { digest: digest("c") } });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted" });
    expect(world.faults()).toEqual([]);
  });

  it("gets no request when its model is tried again, until it is another one", () => {
    const [world, revision] = held();
    world.annotate({ "dpo.dev/retry": revision });
    world.later(20 * 60_000);
    expect(world.status).toMatchObject({ candidate: { revision } });
    expect(world.status.step).toBeUndefined();
    expect(ready(world)?.message).toContain(
      `InferenceService ${CANARY}-${revision} is being deleted, and KServe has not let go of it yet`,
    );
    expect(weightIn(world.slots ?? stableAlone(""), revision)).toBe(0);
    letGo(world, revision);
    world.settle(30_000);
    expect(world.status).toMatchObject({ candidate: { revision }, step: { name: "half" } });
    expect(world.faults()).toEqual([]);
  });
});

describe("a cluster without KServe", () => {
  it("is told what is missing, and serves once it is there", () => {
    const world = new CanaryWorld(specOf());
    world.knowsKServe = false;
    world.settle();
    expect(ready(world)).toMatchObject({
      reason: "KServeNotInstalled",
      message: expect.stringContaining("install KServe, give the manager the rule of its ClusterRole"),
    });
    expect(world.cluster.services.list()).toEqual([]);
    world.knowsKServe = true;
    world.settle();
    expect(world.status).toMatchObject({ phase: "Idle" });
    world.knowsKServe = false;
    world.settle();
    expect(ready(world)?.message).toContain(`. ${world.status.stable?.revision} goes on serving`);
  });

  /** As where KServe has made none yet for the operator's to lead to. */
  function forget({ cluster }: CanaryWorld, name: string): void {
    const service = cluster.services.get({ namespace: NAMESPACE, name });
    if (service !== undefined) cluster.services.remove(service);
  }

  it.each([false, true])(
    "keeps a canary that is deleted until what may be there of it can be seen again, without Services: %s",
    (isWithoutService) => {
      const world = running(specOf(undefined, { deletionPolicy: "Delete" }));
      const seen = world.cluster.inferenceServices.list();
      for (const object of seen) world.cluster.inferenceServices.remove(object);
      if (isWithoutService) for (const { name } of seen.map(({ metadata }) => metadata)) forget(world, name);
      [world.knowsKServe, world.isForbiddenKServe] = [false, true];
      world.deleteCanary();
      world.settle();
      expect(world.isGone).toBe(false);
      [world.knowsKServe, world.isForbiddenKServe] = [true, false];
      for (const object of seen) world.cluster.put(world.cluster.inferenceServices, object);
      world.settle();
      expect(world.isGone).toBe(true);
      expect(world.cluster.inferenceServices.list()).toEqual([]);
    },
  );
});

describe("a canary that is deleted", () => {
  it("waits for no InferenceService that was gone before they could be seen no more", () => {
    const world = running(specOf());
    const before = world.status.stable?.revision;
    world.vote(Array<1>(60).fill(1));
    world.settle();
    expect(world.status.stable?.revision).not.toBe(before);
    expect(world.facts().observed.records.get(before ?? "")).toBeDefined();
    [world.knowsKServe, world.isForbiddenKServe] = [false, true];
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
  });

  it("waits for one that was made again after it had been gone", () => {
    const world = running(specOf());
    const { revision = "" } = world.status.candidate ?? {};
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.facts().observed.records.get(revision)).toMatchObject({ removed: true });
    world.annotate({ "dpo.dev/retry": revision });
    world.settle(30_000);
    expect(made(world, revision)).toBeDefined();
    for (const object of world.cluster.inferenceServices.list()) world.cluster.inferenceServices.remove(object);
    [world.knowsKServe, world.isForbiddenKServe] = [false, true];
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(false);
  });

  it("is noted as gone by nobody who knows only how things were", () => {
    const world = running(specOf());
    const { revision = "" } = world.status.candidate ?? {};
    const object = standing(world, revision);
    world.cluster.inferenceServices.remove(object);
    world.isStaleKServe = true;
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack" });
    expect(world.facts().observed.records.get(revision)?.removed).toBeFalsy();
    world.isStaleKServe = false;
    world.settle();
    expect(world.facts().observed.records.get(revision)).toMatchObject({ removed: true });
  });

  it.each(["Retain", "Delete"])("leaves behind what deletionPolicy %s says", (deletionPolicy) => {
    const world = running(specOf(undefined, { deletionPolicy }));
    const { revision } = world.status.stable ?? {};
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    const left = world.cluster.inferenceServices.list().map(({ metadata }) => metadata.name);
    expect(left).toEqual(deletionPolicy === "Retain" ? [`${CANARY}-${revision}`] : []);
    expect(world.faults()).toEqual([]);
  });
});

const crashes = (["BeforeEffect", "BeforeStatus"] as const).flatMap((crash) => [
  [crash, "Standard"] as const,
  [crash, "Knative"] as const,
]);

/** The first model serves, and the next is promoted; returns the number of passes. */
function life(mode: string, crashAt: Partial<Record<number, Crash>> = {}): [CanaryWorld, number] {
  const annotations = { "serving.kserve.io/deploymentMode": mode };
  const world = new CanaryWorld(specOf({ annotations, predictor: predictor() }));
  let passes = 0;
  const then = (ms: number) => {
    const shifted = Object.fromEntries(Object.entries(crashAt).map(([at, crash]) => [Number(at) - passes, crash]));
    passes += world.settle(ms, shifted);
  };
  then(60_000);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  then(30_000);
  world.vote(wins);
  then(60_000);
  return [world, passes];
}

function end({ status, slots, cluster }: CanaryWorld) {
  const specs = cluster.inferenceServices.list().map(({ metadata, spec }) => [metadata.name, spec]);
  const services = cluster.services.list().map(({ metadata, spec }) => [metadata.name, spec?.selector]);
  return { phase: status.phase, stable: status.stable?.revision, slots, specs, services };
}

it.each(crashes)(
  "ends the same when the operator crashes at any moment: %s, in mode %s",
  (crash, mode) => {
    const [smooth, passes] = life(mode);
    expect(smooth.status).toMatchObject({ phase: "Promoted", stable: { digest: digest("b") } });
    for (let at = 0; at < passes; at++) {
      const [world] = life(mode, { [at]: crash });
      expect(end(world), `died in pass ${at}`).toEqual(end(smooth));
      expect(world.faults(), `died in pass ${at}`).toEqual([]);
    }
  },
  120_000,
);
