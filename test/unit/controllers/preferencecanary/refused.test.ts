import { describe, expect, it } from "vitest";
import type { Effect } from "../../../../src/controllers/preferencecanary/effect.ts";
import { nameIn } from "../../../../src/controllers/preferencecanary/effect.ts";
import { findCondition } from "../../../../src/runtime/conditions.ts";
import { CANARY, canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { documented, said } from "../../docs/status-tables.ts";

const JUDGE = { name: "strict", url: "http://llm:8000/v1", model: "llama" };
const APPROVED = { steps: [{ name: "half", weight: 50, approval: "Required" }] };
const WITH_JUDGE = { evidence: { comparisons: { dataset: { name: "support" }, raters: { judge: JUDGE } } } };

const isOfJudge = (effect: Effect) =>
  effect.type === "ApplyDeployment" && effect.object.metadata.name.endsWith("-judge");
const isRoute = ({ type }: Effect) => type === "WriteRoute";

function inLastStep(spec: Readonly<Record<string, unknown>>, refuses: CanaryWorld["refuses"]): CanaryWorld {
  const world = new CanaryWorld(canarySpec(spec));
  world.refuses = refuses;
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

/** Idle, from when on writes are refused. */
function idle(refuses: CanaryWorld["refuses"] = () => false): CanaryWorld {
  const world = new CanaryWorld(canarySpec());
  world.workload();
  world.settle();
  world.refuses = refuses;
  return world;
}

function ready({ status }: CanaryWorld) {
  return findCondition(status.conditions, "Ready");
}

function refused({ status }: CanaryWorld) {
  return findCondition(status.conditions, "WriteRefused");
}

describe("a write that is refused", () => {
  it("keeps no other from its turn: what was rolled back goes, and the next model has its run", () => {
    const world = inLastStep(WITH_JUDGE, isOfJudge);
    const rejected = world.status.candidate?.revision;
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.status.lastRun).toMatchObject({ outcome: "RolledBack", revision: rejected });
    expect(world.facts().observed.arms.has(rejected ?? "")).toBe(false);
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(30_000);
    expect(world.status.candidate?.revision).not.toBe(rejected);
    expect(world.status.step?.name).toBe("half");
  });

  it("is told beside the run where that goes on without it: what the run waits for stays to be read", () => {
    const world = inLastStep({ ...WITH_JUDGE, ...APPROVED }, isOfJudge);
    world.vote(Array<1>(60).fill(1));
    world.settle();
    const { revision } = world.status.candidate ?? {};
    expect(world.statuses.map(({ phase }) => phase)).not.toContain("Stalled");
    expect(world.status.phase).toBe("AwaitingApproval");
    expect(ready(world)?.message).toMatch(
      new RegExp(`for the annotation dpo.dev/approve=${revision}/half.*take the pods: ApplyDeployment is forbidden$`),
    );
    const message = "The API server does not take the pods: ApplyDeployment is forbidden";
    expect(refused(world)).toMatchObject({ status: "True", reason: "PodsRefused", message });
  });

  it("has nothing made before the finalizer stands, without which it would be left behind", () => {
    const world = new CanaryWorld(canarySpec());
    world.refuses = ({ type }) => type === "AddFinalizer";
    world.workload();
    world.settle();
    expect(world.status.phase).toBe("Stalled");
    expect(ready(world)).toMatchObject({ reason: "WriteRefused" });
    expect(world.facts().observed.arms.size).toBe(0);
    expect(world.facts().observed.records.size).toBe(0);
    world.refuses = () => false;
    world.settle();
    expect(world.status.phase).toBe("Idle");
  });

  it("is told in an Event once, whatever else is written meanwhile, and no more once it is taken", () => {
    const world = inLastStep(WITH_JUDGE, isOfJudge);
    expect(world.events.filter(({ reason }) => reason === "PodsRefused")).toHaveLength(1);
    world.refuses = () => false;
    world.settle();
    expect(refused(world)).toMatchObject({ status: "False", reason: "NothingRefused" });
    expect(ready(world)?.message).not.toContain("forbidden");
  });

  it("is no news of a canary to which it has never happened", () => {
    expect(refused(idle())).toBeUndefined();
  });

  it.each([
    ["its record", "ApplyRecord", "WriteRefused"],
    ["its Service", "ApplyService", "WriteRefused"],
    ["its Deployment", "ApplyDeployment", "PodsRefused"],
  ])("stalls a canary whose candidate cannot be made: %s", (_what, type, reason) => {
    const isOfArm = (effect: Effect) => /-[0-9a-f]{10}$/.test(nameIn(effect) ?? "");
    const world = idle((effect) => effect.type === type && isOfArm(effect));
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    const { stable, candidate } = world.status;
    expect(ready(world)).toMatchObject({ reason });
    expect(ready(world)?.message).toContain(
      `is forbidden. ${stable?.revision} goes on serving. Candidate ${candidate?.revision} is starting: `,
    );
    expect(documented("PreferenceCanary")).toContain(said(world.status));
    world.refuses = () => false;
    world.settle(30_000);
    expect(world.status.step?.name).toBe("half");
  });

  it("stalls a canary whose stable arm was deleted and cannot be made again", () => {
    const isStables = (effect: Effect) => nameIn(effect) === `${CANARY}-${world.status.stable?.revision}`;
    const world = idle((effect) => effect.type === "ApplyDeployment" && isStables(effect));
    world.cluster.remove(world.cluster.deployments, `${CANARY}-${world.status.stable?.revision}`);
    world.settle();
    expect(ready(world)).toMatchObject({ reason: "PodsRefused" });
  });
});

describe("a route that is refused", () => {
  it("says first that a candidate that was rejected still serves, how much of it, and what to do", () => {
    const world = inLastStep({}, () => false);
    const { stable, candidate } = world.status;
    world.refuses = isRoute;
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.status.phase).toBe("Stalled");
    expect(ready(world)).toMatchObject({ reason: "RouteRefused" });
    expect(ready(world)?.message).toMatch(
      new RegExp(
        `^Candidate ${candidate?.revision} is to be taken back and still gets 50% of requests, since the API server does not take HTTPRoute ${CANARY}: .*` +
          `give Service ${CANARY}-${stable?.revision} all requests there by hand\\. .*WriteRoute is forbidden.*winRate: 0% of `,
      ),
    );
    world.refuses = () => false;
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
  });

  it("says otherwise that traffic stays as it is, and how the run stands", () => {
    const world = idle(isRoute);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    expect(ready(world)).toMatchObject({ reason: "RouteRefused" });
    expect(ready(world)?.message).toMatch(
      /^The API server does not take HTTPRoute .*as it is: .*forbidden\. Candidate /,
    );
  });
});
