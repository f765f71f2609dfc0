import { describe, expect, it } from "vitest";
import { canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const wins = Array<1>(60).fill(1);
const good = Array<1>(120).fill(1);
const bad = Array<0>(120).fill(0);

const RATED = { comparisons: { dataset: { name: "support" } }, ratings: {} };
const steps = [
  { name: "shadow", weight: 0, minDuration: "2h" },
  { name: "first", weight: 1, minDuration: "2h" },
  { name: "half", weight: 50 },
];

/** A candidate in its shadow step, where comparisons are never missing. */
function inShadow(gates: object, changes: object = {}): CanaryWorld {
  const usual = { evidence: RATED, steps, onNoData: { after: "24h" } };
  const spec = canarySpec({ ...usual, gates: { winRate: {}, ...gates }, ...changes });
  const world = new CanaryWorld(spec);
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(1_000);
  return world;
}

/** Hours in which comparisons come and say nothing. */
function hours(world: CanaryWorld, count: number): void {
  for (let half = 0; half < 2 * count; half++) {
    world.vote([0.5]);
    world.later(HOUR / 2);
  }
}

/** Served by the candidate, in the step of this name. */
function inStep(name: "first" | "half", gates: object, changes: object = {}): CanaryWorld {
  const world = inShadow(gates, changes);
  hours(world, name === "first" ? 2 : 4);
  world.settle(10_000);
  expect(world.status.step?.name).toBe(name);
  return world;
}

function gate(world: CanaryWorld, name: "compliance" | "regression") {
  return world.status.gates?.find((each) => each.name === name);
}

const reasons = (world: CanaryWorld) => world.status.conditions?.find(({ type }) => type === "Ready")?.reason;

describe.each([
  ["compliance", { compliance: {} }],
  ["regression", { regression: {} }],
] as const)("a candidate that users rate badly, by %s", (name, gates) => {
  const complain = (world: CanaryWorld) => {
    for (const outcome of bad) {
      world.rate("Candidate", [outcome]);
      world.rate("Stable", [1]);
    }
  };

  it("is taken back as soon as it is rated, with the reason", () => {
    const world = inStep("first", gates);
    const candidate = world.status.candidate?.revision ?? "";
    complain(world);
    world.settle(MINUTE);
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { revision: candidate } });
    expect(world.status.lastRun?.message).toMatch(new RegExp(`^${name}: .*rating`));
    expect(world.faults()).toEqual([]);
  });

  it("is not taken back by what came before it was given requests, nor later, whatever is forgotten", () => {
    const world = inShadow(gates);
    complain(world);
    world.later(HOUR);
    expect(gate(world, name)).toMatchObject({ verdict: "Undecided", samples: 0 });
    world.later(HOUR + MINUTE);
    world.loseStatus();
    world.restart();
    world.later(MINUTE);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "first" } });
    expect(gate(world, name)).toMatchObject({ verdict: "Undecided", samples: 0 });
    complain(world);
    world.settle(MINUTE);
    expect(world.status.phase).toBe("RolledBack");
  });

  it("is not taken back before its weight is live, and then by all that came since it was stored", () => {
    const world = inShadow(gates);
    world.probing.setGateway({ type: "Confirmed" });
    while (!world.slots?.some(({ weight }) => weight === 10_000)) {
      world.pass();
      world.clock.pause(MINUTE);
    }
    world.probing.setGateway({ type: "Denied", words: "the gateway still shows the weights before" });
    complain(world);
    world.settle(MINUTE);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "first" } });
    expect(gate(world, name)).toMatchObject({ verdict: "Undecided", samples: 120 });
    world.probing.setGateway({ type: "Confirmed" });
    world.settle(MINUTE);
    expect(world.status.phase).toBe("RolledBack");
  });

  it("is still taken back by an operator that has just started, with the collector down", () => {
    const world = inStep("first", gates);
    complain(world);
    world.pass();
    world.restart();
    world.evidence.setAccess({ type: "Unreadable", problem: "down" });
    world.settle(MINUTE);
    expect(world.status.phase).toBe("RolledBack");
  });
});

describe("a candidate that users rate well", () => {
  it("is promoted when every gate has passed, and not by comparisons alone", () => {
    const world = inStep("half", { compliance: {}, regression: { maxDrop: "30%" } });
    world.vote(wins);
    world.settle(MINUTE);
    expect(world.status).toMatchObject({ phase: "Progressing", gates: [{ verdict: "Pass" }, {}, {}] });
    for (const outcome of good) {
      world.rate("Candidate", [outcome]);
      world.rate("Stable", [outcome]);
    }
    world.settle(MINUTE);
    expect(world.status.phase).toBe("Promoted");
  });

  it("enters the step that requires it once it has passed", () => {
    const required = steps.map((step) => (step.name === "half" ? { ...step, requires: ["compliance"] } : step));
    const world = inShadow({ compliance: {} }, { steps: required });
    hours(world, 5);
    expect(world.status.step?.name).toBe("first");
    expect(world.status.conditions?.[0]?.message).toContain("for compliance to pass before step half");
    world.rate("Candidate", good);
    world.settle(MINUTE);
    expect(world.status.step?.name).toBe("half");
  });
});

describe("ratings that do not come", () => {
  it("are not missed before the candidate serves anybody, and from then on they are", () => {
    const world = inShadow({ compliance: {} }, { onNoData: { after: "1h" } });
    hours(world, 1.5);
    expect(gate(world, "compliance")).toMatchObject({
      verdict: "Undecided",
      message: expect.stringContaining("the candidate serves no users yet"),
    });
    hours(world, 1);
    expect(world.status.step?.name).toBe("first");
    expect(gate(world, "compliance")?.verdict).toBe("Undecided");
    hours(world, 1);
    expect(gate(world, "compliance")).toMatchObject({
      verdict: "NoData",
      message: expect.stringContaining("nothing new came for 1h"),
    });
    expect(reasons(world)).toBe("NoData");
  });

  it("take the candidate back where that was asked for, counted from when it first served", () => {
    const world = inShadow({ compliance: {} }, { onNoData: { after: "3h", do: "Rollback" } });
    hours(world, 2);
    world.settle(10_000);
    const served = world.status.candidate?.served;
    expect(served).toBeDefined();
    hours(world, 2.5);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" }, candidate: { served } });
    hours(world, 1);
    expect(world.status.lastRun).toMatchObject({
      outcome: "RolledBack",
      message: expect.stringMatching(/^No data: compliance heard nothing new for 3h/),
    });
  });

  it("are not missed by regression in the watch, since stable serves nobody then", () => {
    const changes = { afterPromotion: { watch: "3h" }, onNoData: { after: "1h", do: "Rollback" } };
    const quick = steps.map((step) => ({ ...step, minDuration: "1s" }));
    const world = inShadow({ regression: { maxDrop: "30%" } }, { ...changes, steps: quick });
    world.settle(MINUTE);
    world.vote(wins);
    for (const outcome of good) {
      world.rate("Candidate", [outcome]);
      world.rate("Stable", [outcome]);
    }
    world.settle(MINUTE);
    expect(world.status).toMatchObject({ phase: "Promoting", step: { name: "watch" } });
    hours(world, 2);
    expect(gate(world, "regression")).toMatchObject({ verdict: "Pass" });
    expect(world.status.phase).toBe("Promoting");
    hours(world, 2);
    expect(world.status.phase).toBe("Promoted");
  });

  it("hold the candidate while nobody has read them yet, and only where a gate wants them", () => {
    const world = inStep("first", { compliance: {} });
    world.evidence.setAccess({ type: "Unread" }, "ratings");
    world.settle(1);
    expect(reasons(world)).toBe("ReadingEvidence");
    expect(world.evidence.asked).toEqual(["comparisons", "ratings"]);
    expect(inStep("first", {}).evidence.asked).toEqual(["comparisons"]);
  });
});
