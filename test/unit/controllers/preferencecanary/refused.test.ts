import { describe, expect, it } from "vitest";
import type { Effect } from "../../../../src/controllers/preferencecanary/effect.ts";
import { canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const JUDGE = { name: "strict", url: "http://llm:8000/v1", model: "llama" };

/** Its judge is not let in by a quota, whoever else is. */
function withoutJudge(): CanaryWorld {
  const comparisons = { dataset: { name: "support" }, raters: { judge: JUDGE } };
  const world = new CanaryWorld(canarySpec({ evidence: { comparisons } }));
  world.refuses = (effect: Effect) =>
    effect.type === "ApplyDeployment" && effect.object.metadata.name.endsWith("-judge");
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

describe("a write that is refused", () => {
  it("keeps no other from its turn: what was rolled back goes, and the next model has its run", () => {
    const world = withoutJudge();
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
});
