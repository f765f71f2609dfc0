import { describe, expect, it } from "vitest";
import { WHOLE } from "../../../../src/traffic/slots.ts";
import { canarySpec, digest, modelUri, NAMESPACE, podTemplate } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import {
  armOf,
  candidateOf,
  HOUR,
  idle,
  losses,
  rolledBack,
  running,
  serving,
  setPods,
  stableOf,
  wins,
} from "./scenario.ts";

/** Scenarios of other operators' test suites, by the numbers of docs/compared.md: how runs end, and what begins then. */

const model = (digit: string) => ({ uri: modelUri(digit), digest: digest(digit) });

/** Git pins the model: `a` serves, `b` was asked for and promoted. */
function promotedByGit(): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ model: model("a"), onNoData: { after: "480h" } }));
  world.workload();
  world.settle();
  world.edit({ model: model("b") });
  world.settle(30_000);
  world.vote(wins);
  world.settle();
  return world;
}

describe("a candidate that is taken back", () => {
  it("1 an aborted candidate that is tried again is drained first, and begins in its first step", () => {
    const world = running();
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.annotate({ "dpo.dev/rollback": candidate });
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { revision: candidate } });
    expect(serving(world)).toEqual({ [stable]: WHOLE });
    expect(armOf(world, candidate)).toBeUndefined();
    world.annotate({ "dpo.dev/retry": candidate });
    world.settle(30_000);
    expect(candidateOf(world)).toBe(candidate);
    world.vote(wins);
    world.settle();
    expect(serving(world)).toEqual({ [candidate]: WHOLE });
    const run = ["CandidateSeen", "enters step shadow", "enters step first", "enters step half"];
    const told = world.events.map(({ reason, note }) => note.match(/enters step \w+/)?.[0] ?? reason);
    expect(told).toEqual(["FirstRevision", ...run, "RolledBack", ...run, "Promoted"]);
    expect(world.faults().filter((fault) => !fault.includes("rejected"))).toEqual([]);
  });

  it("2 an order to promote what was rejected does nothing before it is tried again, and then waits for no gate", () => {
    const world = rolledBack();
    const { revision = "" } = world.status.lastRun ?? {};
    world.annotate({ "dpo.dev/promote": revision });
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    world.annotate({ "dpo.dev/retry": revision });
    world.settle(30_000);
    world.annotate({ "dpo.dev/retry": revision, "dpo.dev/promote": revision });
    world.settle();
    expect(world.status.phase).toBe("Progressing");
    world.annotate({ "dpo.dev/promote": revision });
    world.settle();
    expect(world.status).toMatchObject({
      phase: "Promoted",
      stable: { revision },
      gates: [{ verdict: "Undecided" }],
    });
  });

  it("14 all requests stay with stable when it is scaled down after a rollback, whatever its pods do", () => {
    const world = rolledBack({ replicas: 4 });
    const stable = stableOf(world);
    const writes = world.cluster.routeVersions.length;
    world.edit({ replicas: 1 });
    world.settle();
    setPods(world, stable, 0);
    world.settle();
    expect(serving(world)).toEqual({ [stable]: WHOLE });
    expect(world.cluster.routeVersions).toHaveLength(writes);
  });

  it("21 stable is as it was after two bad candidates, and nothing of them is left", () => {
    const world = rolledBack();
    const stable = stableOf(world);
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(30_000);
    world.vote(losses);
    world.settle();
    expect(serving(world)).toEqual({ [stable]: WHOLE });
    expect(world.cluster.deployments.labelled("dpo.dev/role", "candidate", NAMESPACE)).toEqual([]);
    expect(world.status.history?.map(({ outcome }) => outcome)).toEqual(["RolledBack", "RolledBack"]);
  });

  it("38 a candidate that is tried again has a clock of its own, and history keeps both runs", () => {
    const world = running();
    const { revision = "", entered = "" } = world.status.candidate ?? {};
    world.vote(losses);
    world.settle();
    world.annotate({ "dpo.dev/retry": revision });
    world.settle(30_000);
    expect(Date.parse(world.status.candidate?.entered ?? "")).toBeGreaterThan(Date.parse(entered));
    for (let more = 0; more < 6; more++) world.vote(wins);
    world.settle();
    expect(world.status.history?.map(({ outcome }) => outcome)).toEqual(["Promoted", "RolledBack"]);
  });
});

describe("an order to abort", () => {
  it("12 with nothing in progress writes nothing and leaves stable alone, before and after a promotion", () => {
    const world = idle();
    const first = stableOf(world);
    const writes = () => world.effects.length;
    let before = writes();
    world.annotate({ "dpo.dev/rollback": first });
    world.settle();
    expect([writes(), world.status.phase]).toEqual([before, "Idle"]);
    world.annotate({});
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    world.vote(wins);
    world.settle();
    const promoted = stableOf(world);
    before = writes();
    world.annotate({ "dpo.dev/rollback": promoted });
    world.settle();
    expect([writes(), world.status.phase]).toEqual([before, "Promoted"]);
    expect(serving(world)).toEqual({ [promoted]: WHOLE });
  });
});

describe("what Git asks for in mid-run", () => {
  it("10 a new revision ends the run of one that is paused, which is drained, and goes its own way from the bottom", () => {
    const world = running();
    const [stable, paused] = [stableOf(world), candidateOf(world)];
    world.annotate({ "dpo.dev/pause": paused });
    world.settle();
    expect(world.status.phase).toBe("Paused");
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle(30_000);
    expect(world.status.history).toMatchObject([{ revision: paused, outcome: "Superseded" }]);
    expect(armOf(world, paused)).toBeUndefined();
    expect(candidateOf(world)).not.toBe(paused);
    expect(serving(world)).toEqual({ [stable]: WHOLE / 2, [candidateOf(world)]: WHOLE / 2 });
    expect(world.faults()).toEqual([]);
  });

  it("39 a new revision begins with no weight and no evidence", () => {
    const world = running({ steps: [{ name: "tenth", weight: 10 }] });
    const before = candidateOf(world);
    world.vote([1, 1, 1]);
    world.settle();
    expect(world.status).toMatchObject({ weights: { desired: 10 }, gates: [{ samples: 3 }] });
    world.edit({ steps: [{ name: "shadow", weight: 0, minDuration: "1h", approval: "None" }] });
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle();
    expect(candidateOf(world)).not.toBe(before);
    expect(serving(world)).toEqual({ [stableOf(world)]: WHOLE });
    expect(world.status).toMatchObject({
      step: { name: "shadow", index: 0 },
      weights: { desired: 0 },
      gates: [{ verdict: "Undecided", samples: 0, sum: "0" }],
    });
  });

  it("37 stable's own revision again ends the run, and no other one begins", () => {
    const world = idle();
    const stable = stableOf(world);
    world.workload(podTemplate(modelUri("a"), "server:2"));
    world.settle(30_000);
    expect(world.status.step?.name).toBe("half");
    world.workload();
    world.settle();
    expect(world.status).toMatchObject({ phase: "Idle", lastRun: { outcome: "Superseded" } });
    expect(serving(world)).toEqual({ [stable]: WHOLE });
  });
});

describe("what Git asks for after a run", () => {
  it("19 an older revision that was promoted before is judged like any other, and can be ordered", () => {
    const world = promotedByGit();
    const [b, asked] = [stableOf(world), world.events.length];
    world.edit({ model: model("a") });
    world.later(48 * HOUR);
    const a = candidateOf(world);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" }, stable: { revision: b } });
    expect(world.status.gates).toMatchObject([{ verdict: "Undecided", samples: 0 }]);
    expect(world.events.slice(asked).filter(({ reason }) => reason === "StepEntered")).toHaveLength(3);
    world.annotate({ "dpo.dev/promote": a });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: a } });
  });

  it("44 stable's own model after a rollback is no run", () => {
    const world = promotedByGit();
    const stable = stableOf(world);
    world.edit({ model: model("c") });
    world.settle(30_000);
    world.vote(losses);
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    const told = world.events.length;
    world.edit({ model: model("b") });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Idle", stable: { revision: stable } });
    expect(world.events).toHaveLength(told);
  });
});
