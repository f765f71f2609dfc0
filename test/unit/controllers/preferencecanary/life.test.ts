import { describe, expect, it } from "vitest";
import { WHOLE } from "../../../../src/traffic/slots.ts";
import { createWorld, type World } from "../../../builders/canary-world.ts";

const wins = Array<1>(60).fill(1);
const losses = Array<0>(60).fill(0);

function started(spec?: Readonly<Record<string, unknown>>): World {
  const world = createWorld(spec);
  world.workload();
  world.settle();
  return world;
}

function running(spec?: Readonly<Record<string, unknown>>): World {
  const world = started(spec);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(1);
  return world;
}

function weights(world: World): Record<string, number> {
  const [first, second] = world.slots ?? [];
  return Object.fromEntries(
    [first, second].flatMap((slot) => (slot && slot.weight > 0 ? [[slot.revision, slot.weight]] : [])),
  );
}

describe("the life of a canary", () => {
  it("serves the template's own model first, without a gate, and says so", () => {
    const world = started();
    const stable = world.status.stable?.revision ?? "";
    expect(weights(world)).toEqual({ [stable]: WHOLE });
    expect(world.status).toMatchObject({ phase: "Idle", stable: { digest: `sha256:${"a".repeat(64)}` } });
    expect(world.events.map(({ reason }) => reason)).toEqual(["FirstRevision"]);
  });

  it("takes a validated job's model through the steps and promotes it", () => {
    const world = running();
    const { stable, candidate } = world.status;
    world.settle(30_000);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" }, weights: { desired: 50 } });
    expect(weights(world)).toEqual({ [stable?.revision ?? ""]: 500_000, [candidate?.revision ?? ""]: 500_000 });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: candidate, lastRun: { outcome: "Promoted" } });
    expect(weights(world)).toEqual({ [candidate?.revision ?? ""]: WHOLE });
    expect(world.events.map(({ reason }) => reason)).toEqual([
      "FirstRevision",
      "CandidateSeen",
      "StepEntered",
      "StepEntered",
      "StepEntered",
      "Promoted",
    ]);
  });

  it("takes a candidate back when a gate fails, and does not try its model again", () => {
    const world = running();
    world.settle(30_000);
    const { stable, candidate } = world.status;
    world.vote(losses);
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", stable, lastRun: { outcome: "RolledBack" } });
    expect(world.status.candidate).toBeUndefined();
    expect(weights(world)).toEqual({ [stable?.revision ?? ""]: WHOLE });
    expect(world.route?.metadata.annotations).toMatchObject({ "dpo.dev/rejected": candidate?.revision });
  });
});
