import { describe, expect, it } from "vitest";
import { findCondition } from "../../../../src/runtime/conditions.ts";
import { CANARY, canarySpec, NAMESPACE, podTemplate, WORKLOAD } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { documented, said } from "../../docs/status-tables.ts";

const MINUTE = 60_000;
const NO_GPU = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.";

/** A candidate whose pods do not come up by themselves. */
function starting(changes: Readonly<Record<string, unknown>> = {}, readyWithin = "30m"): CanaryWorld {
  const serving = { workloadRef: { name: WORKLOAD }, readyWithin };
  const world = new CanaryWorld(canarySpec({ serving, ...changes }));
  world.workload(podTemplate());
  world.settle();
  world.autoReady = false;
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(500);
  return world;
}

function ready({ status }: CanaryWorld) {
  return findCondition(status.conditions, "Ready");
}

function waiting({ status }: CanaryWorld) {
  return findCondition(status.conditions, "PodsWaiting");
}

function arm(world: CanaryWorld) {
  const name = `${CANARY}-${world.status.candidate?.revision}`;
  const found = world.cluster.deployments.get({ namespace: NAMESPACE, name });
  if (found === undefined) throw new Error(`no Deployment ${name}`);
  return found;
}

/** What the Deployment's controller says when something has changed. */
function progress(world: CanaryWorld, reason: string): void {
  const at = world.clock.now().toISOString();
  const condition = { type: "Progressing", status: "True", reason, lastUpdateTime: at, lastTransitionTime: at };
  const { status, ...deployment } = arm(world);
  world.cluster.put(world.cluster.deployments, { ...deployment, status: { ...status, conditions: [condition] } });
}

describe("a candidate that no node takes", () => {
  it("says it in the scheduler's words, with what to do and until when it is waited for", () => {
    const world = starting();
    world.cluster.addPod(arm(world), { conditions: [world.cluster.unscheduled(NO_GPU)] });
    world.settle(0);
    const { revision } = world.status.candidate ?? {};
    expect(ready(world)).toMatchObject({ status: "Unknown", reason: "CandidateUnschedulable" });
    expect(documented("PreferenceCanary")).toContain(said(world.status));
    expect(ready(world)?.message).toContain(
      `Candidate ${revision} is starting: 0 of 1 pods are ready, and pod ${CANARY}-${revision}-0 is Unschedulable: ` +
        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu (make room for it, or have its template ask for less); it has failed if that is still so at ",
    );
    expect(ready(world)?.message).toContain(" (serving.readyWithin)");
    expect(waiting(world)).toMatchObject({ status: "True", reason: "Unschedulable" });
    expect(world.events.filter(({ reason }) => reason === "Unschedulable")).toHaveLength(1);
  });

  it("is news until it gets one, and no condition of a canary whose pods came up by themselves", () => {
    const world = starting();
    expect(waiting(world)).toBeUndefined();
    world.cluster.addPod(arm(world), { conditions: [world.cluster.unscheduled(NO_GPU)] });
    world.settle(0);
    world.cluster.setReady(arm(world).metadata.name);
    world.settle(5_000);
    expect(waiting(world)).toMatchObject({ status: "False", reason: "NothingWaits" });
    expect(world.status.step).toBeDefined();
  });

  it("has failed after serving.readyWithin with the last that was said, and its model is not rejected", () => {
    const world = starting();
    world.cluster.addPod(arm(world), { conditions: [world.cluster.unscheduled(NO_GPU)] });
    world.later(29 * MINUTE);
    expect(world.status.lastRun).toBeUndefined();
    world.restart();
    world.later(2 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Stalled", lastRun: { outcome: "Failed" } });
    expect(world.status.lastRun?.message).toMatch(
      /^0 of 1 pods of the candidate can serve, and for 30m \(serving.readyWithin\) not all became ready: pod .* is Unschedulable: 0\/3 nodes/,
    );
    expect(ready(world)).toMatchObject({
      reason: "CandidateFailed",
      message: expect.stringContaining(NO_GPU.slice(0, -1)),
    });
    expect(world.route?.metadata.annotations).not.toHaveProperty("dpo.dev/rejected");
  });
});

describe("the clock of serving.readyWithin", () => {
  it("runs on whatever progress a Deployment makes, or gives up, on the way", () => {
    const world = starting();
    for (const reason of ["ReplicaSetUpdated", "ProgressDeadlineExceeded"]) {
      world.later(14 * MINUTE);
      progress(world, reason);
    }
    world.later(3 * MINUTE);
    expect(world.status.lastRun?.outcome).toBe("Failed");
  });

  it("begins anew with a run that is tried again", () => {
    const world = starting();
    world.later(31 * MINUTE);
    const { revision = "" } = world.status.lastRun ?? {};
    world.annotate({ "dpo.dev/retry": revision });
    world.later(29 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: { revision } });
    world.later(2 * MINUTE);
    expect(world.status.phase).toBe("Stalled");
  });

  it("is over with the run's deadline, which rejects no model that was never ready", () => {
    const world = starting({ deadline: "20m" });
    world.later(21 * MINUTE);
    expect(world.status.lastRun).toMatchObject({ outcome: "Failed", message: expect.stringContaining("for 20m") });
    expect(world.route?.metadata.annotations).not.toHaveProperty("dpo.dev/rejected");
  });

  it("counts what was ready once from when it lost its pods", () => {
    const world = starting();
    world.cluster.setReady(arm(world).metadata.name);
    world.settle(30_000);
    world.later(60 * MINUTE);
    expect(world.status.step?.name).toBe("half");
    world.cluster.setReady(arm(world).metadata.name, 0);
    progress(world, "NewReplicaSetAvailable");
    world.later(20 * MINUTE);
    expect(world.status.lastRun).toBeUndefined();
    world.later(11 * MINUTE);
    expect(world.status.lastRun?.outcome).toBe("Failed");
  });
});

describe("a candidate of which the API server takes nothing", () => {
  it.each([
    ["its Deployment", "ApplyDeployment"],
    ["its Service", "ApplyService"],
  ])("has failed after serving.readyWithin: %s", (_what, type) => {
    const world = new CanaryWorld(canarySpec());
    world.workload();
    world.settle();
    const { revision: stable } = world.status.stable ?? {};
    world.refuses = (effect) =>
      effect.type === type &&
      "object" in effect &&
      /-[0-9a-f]{10}$/.test(effect.object.metadata.name) &&
      !effect.object.metadata.name.endsWith(stable ?? "");
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.later(MINUTE);
    expect(world.status.candidate?.refused?.message).toBe(`${type} is forbidden`);
    world.restart();
    for (let minutes = 0; minutes < 8; minutes += 1) world.later(MINUTE);
    expect(world.status).toMatchObject({ phase: "Stalled", candidate: { refused: {} } });
    world.later(2 * MINUTE);
    expect(world.status).toMatchObject({ phase: "Stalled", lastRun: { outcome: "Failed" } });
    expect(world.status.lastRun?.message).toBe(
      `for 10m the API server has not taken what it is made of: ${type} is forbidden`,
    );
    expect(ready(world)).toMatchObject({ reason: "CandidateFailed" });
  });
});
