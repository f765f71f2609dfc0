import { describe, expect, it } from "vitest";
import { CANARY, canarySpec, NAMESPACE } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const JUDGE = { name: "strict", url: "http://llm:8000/v1", model: "llama" };
const NAME = `${CANARY}-judge`;

function judged(more: object = {}): CanaryWorld {
  const comparisons = { dataset: { name: "support" }, raters: { judge: JUDGE } };
  const world = new CanaryWorld(canarySpec({ evidence: { comparisons }, ...more }));
  world.workload();
  world.settle();
  return world;
}

const judgeOf = (world: CanaryWorld) => world.cluster.deployments.get({ namespace: NAMESPACE, name: NAME });

describe("a canary with a judge", () => {
  it("has a Deployment for it that a new candidate does not restart", () => {
    const world = judged();
    const before = judgeOf(world);
    expect(before).toBeDefined();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    expect(world.status.candidate).toBeDefined();
    expect(judgeOf(world)?.metadata.generation).toBe(before?.metadata.generation);
  });

  it("has it again after somebody deleted it", () => {
    const world = judged();
    world.cluster.remove(world.cluster.deployments, NAME);
    world.settle();
    expect(judgeOf(world)).toBeDefined();
  });

  it("has none before anything serves", () => {
    const comparisons = { dataset: { name: "support" }, raters: { judge: JUDGE } };
    const world = new CanaryWorld(canarySpec({ evidence: { comparisons } }));
    world.autoReady = false;
    world.workload();
    world.settle();
    expect(judgeOf(world)).toBeUndefined();
  });

  it("gives it up when Git asks for people again, and takes another one as Git says", () => {
    const world = judged();
    const { evidence } = world.canary.spec;
    const withRaters = (raters: object) => ({
      evidence: { ...evidence, comparisons: { ...evidence.comparisons, raters } },
    });
    world.edit(withRaters({ judge: { ...JUDGE, model: "qwen" } }));
    world.settle();
    expect(JSON.stringify(judgeOf(world)?.spec)).toContain("judge:strict:qwen");
    world.edit(withRaters({ queue: {} }));
    world.settle();
    expect(judgeOf(world)).toBeUndefined();
  });

  it("says so while no pod of it is ready, since nothing is judged then", () => {
    const world = judged();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    const message = () => world.status.conditions?.find(({ type }) => type === "Ready")?.message;
    expect(message()).not.toContain("judge");
    world.autoReady = false;
    world.cluster.setReady(NAME, 0);
    world.settle();
    expect(message()).toContain("no pod of the judge is ready, so nothing is judged");
  });

  it.each(["Retain", "Delete"])("takes it with it when it is deleted, with %s", (deletionPolicy) => {
    const world = judged({ deletionPolicy });
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    expect(judgeOf(world)).toBeUndefined();
  });
});
