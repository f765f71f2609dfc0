import { describe, expect, it } from "vitest";
import { readSlots } from "../../../../src/traffic/http-route.ts";
import { CANARY, canarySpec, modelUri, podTemplate } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const HOUR = 3_600_000;
const wins = Array<1>(60).fill(1);
const even = Array.from({ length: 20 }, (_, i): 0 | 1 => (i % 2 === 0 ? 1 : 0));

function entered(changes: Readonly<Record<string, unknown>> = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec(changes));
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(20_000);
  return world;
}

function ready(world: CanaryWorld) {
  return world.status.conditions?.find(({ type }) => type === "Ready");
}

describe("a gate that hears nothing new", () => {
  it("has no data after a time, and the candidate stays where it is until something comes", () => {
    const world = entered();
    world.vote(even);
    world.later(59 * 60_000);
    expect(world.status.gates).toMatchObject([{ verdict: "Undecided" }]);
    world.later(2 * 60_000);
    expect(world.status.gates).toMatchObject([
      { verdict: "NoData", message: expect.stringContaining("nothing new came for 1h") },
    ]);
    expect(ready(world)).toMatchObject({
      reason: "NoData",
      message: expect.stringContaining("It stays there until evidence comes (spec.onNoData.do is Hold)"),
    });
    expect(world.events.map(({ reason }) => reason)).toContain("HeldForNoData");
    world.vote(even);
    world.settle(1_000);
    expect(world.status.gates).toMatchObject([{ verdict: "Undecided" }]);
  });

  it("rolls back where that was asked for, and not before", () => {
    const world = entered({ onNoData: { after: "10m", do: "Rollback" } });
    world.vote(even);
    world.later(9 * 60_000);
    expect(world.status.phase).toBe("Progressing");
    world.later(2 * 60_000);
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { outcome: "RolledBack" } });
    expect(world.status.lastRun?.message).toMatch(/^No data: winRate heard nothing new for 10m/);
  });

  it("does so although the collector cannot be read", () => {
    const world = entered({ onNoData: { after: "10m", do: "Rollback" } });
    world.evidence.setAccess({ type: "Unreadable", problem: "connection refused" });
    world.later(9 * 60_000);
    expect(ready(world)?.reason).toBe("NoData");
    const at = /It is taken back at (\S+), 10m after the last evidence that came, unless more does/.exec(
      ready(world)?.message ?? "",
    )?.[1];
    world.later(2 * 60_000);
    expect(world.status.phase).toBe("RolledBack");
    const late = Date.parse(world.status.lastRun?.time ?? "") - Date.parse(at ?? "");
    expect(late).toBeGreaterThanOrEqual(0);
    expect(late).toBeLessThan(5_000);
  });

  it("does not end a run by what nobody has read yet, as after a long absence of the operator", () => {
    const world = entered({ onNoData: { after: "10m", do: "Rollback" } });
    world.vote(even);
    world.settle(1_000);
    world.evidence.setAccess({ type: "Unread" });
    world.restart();
    world.later(HOUR);
    expect(ready(world)?.reason).toBe("ReadingEvidence");
  });

  it("waits while somebody holds the run", () => {
    const world = entered({ onNoData: { after: "10m", do: "Rollback" }, suspend: true });
    expect(world.status.candidate).toBeUndefined();
    world.edit({ suspend: false });
    world.settle(20_000);
    world.edit({ suspend: true });
    world.later(HOUR);
    expect(world.status.phase).toBe("Paused");
  });
});

describe("a deadline", () => {
  it("rolls an undecided candidate back", () => {
    const world = entered({ deadline: "30m", onNoData: { after: "48h" } });
    world.later(29 * 60_000);
    expect(world.status.phase).toBe("Progressing");
    world.later(2 * 60_000);
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { outcome: "RolledBack" } });
    expect(world.status.lastRun?.message).toMatch(/^Inconclusive: not promoted within spec\.deadline, 30m/);
  });

  it("or holds it until somebody orders what to do", () => {
    const world = entered({ deadline: "30m", onInconclusive: "Hold", onNoData: { after: "48h" } });
    world.later(HOUR);
    expect(world.status).toMatchObject({ phase: "Paused" });
    expect(ready(world)).toMatchObject({
      reason: "DeadlineExceeded",
      message: expect.stringContaining("dpo.dev/promote"),
    });
    world.annotate({ "dpo.dev/promote": world.status.candidate?.revision ?? "" });
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });
});

describe("windows", () => {
  const windows = [{ schedule: "0 9 * * *", duration: "1h" }];

  it("keep a candidate that has passed in its last step until one opens", () => {
    const world = entered({ windows, onNoData: { after: "48h" } });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
    expect(ready(world)).toMatchObject({ reason: "WindowClosed", message: expect.stringContaining("T09:00:00Z") });
    world.later(10 * HOUR);
    expect(world.status.phase).toBe("Promoted");
  });

  it("do not keep anybody from rolling back", () => {
    const world = entered({ windows });
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
  });
});

describe("a newer model of a job in mid-run", () => {
  const newer = (onNewCandidate: string) => {
    const world = entered({ onNewCandidate });
    const first = world.status.candidate?.revision;
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle();
    return { world, first };
  };

  it("waits until the run is over", () => {
    const { world, first } = newer("Queue");
    expect(world.status.candidate?.revision).toBe(first);
  });

  it("or takes its place, and the first one is not rejected", () => {
    const { world, first } = newer("Supersede");
    expect(world.status.candidate?.revision).not.toBe(first);
    expect(world.status.history).toMatchObject([{ revision: first, outcome: "Superseded" }]);
  });
});

describe("a promotion", () => {
  it("waits for all pods of the candidate", () => {
    const world = entered({ replicas: 4, onNoData: { after: "48h" } });
    world.autoReady = false;
    world.cluster.setReady(`assistant-${world.status.candidate?.revision}`, 1);
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
    expect(ready(world)?.message).toContain("waits for all its pods to be ready");
    world.autoReady = true;
    world.cluster.readyAll();
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });
});

describe("history", () => {
  it("has what the gates of that run had said, although another run has begun since", () => {
    const world = entered();
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.vote(wins);
    world.settle();
    expect(world.status.candidate).toBeDefined();
    expect(world.status.history?.[0]).toMatchObject({ outcome: "Promoted", gates: [{ verdict: "Pass", samples: 60 }] });
  });

  it("keeps the last runs with what their gates had said, the newest first", () => {
    const world = entered({ history: { limit: 2 } });
    for (const [i, digit] of ["c", "d", "e"].entries()) {
      world.vote(i % 2 === 0 ? wins : Array<0>(60).fill(0));
      world.settle();
      world.job(`train-${i + 2}`, digit, `2026-01-0${i + 3}T00:00:00Z`);
      world.settle(20_000);
    }
    expect(world.status.history?.map(({ outcome }) => outcome)).toEqual(["Promoted", "RolledBack"]);
    expect(world.status.history?.[1]?.gates).toMatchObject([{ name: "winRate", verdict: "Fail", estimate: "0%" }]);
  });
});

describe("records of revisions", () => {
  const image = (world: CanaryWorld, i: number) => world.workload(podTemplate(modelUri("a"), `server:${i}`));
  const revisions = (world: CanaryWorld) =>
    world.cluster.records.list().map(({ metadata }) => metadata.labels?.["dpo.dev/revision"]);

  it("are kept for the runs that are remembered, and for what serves", () => {
    const world = entered({ history: { limit: 2 } });
    for (let i = 2; i < 8; i++) {
      image(world, i);
      world.settle(20_000);
      world.later(2_000);
    }
    expect(revisions(world)).toHaveLength(4);
    expect(revisions(world)).toEqual(
      expect.arrayContaining([world.status.stable?.revision, world.status.candidate?.revision]),
    );
  });

  it("stay while a job has the model that failed, or it would be tried again and again", () => {
    const world = new CanaryWorld(canarySpec({ history: { limit: 0 } }));
    world.workload();
    world.settle();
    world.autoReady = false;
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(1_000);
    world.later(11 * 60_000);
    expect(world.status.phase).toBe("Stalled");
    world.autoReady = true;
    world.later(30 * 60_000);
    expect(world.status).toMatchObject({ phase: "Stalled", lastRun: { outcome: "Failed" } });
    expect(world.status.candidate).toBeUndefined();
  });

  it("stay with their verdict while a job has the model that was rejected", () => {
    const world = entered({ history: { limit: 0 } });
    const rejected = world.status.candidate?.revision;
    world.vote(Array<0>(60).fill(0));
    world.settle();
    for (let i = 2; i < 5; i++) {
      image(world, i);
      world.settle(20_000);
    }
    expect(revisions(world)).toContain(rejected);
    world.cluster.remove(world.cluster.jobs, "train-1");
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(revisions(world)).not.toContain(rejected);
  });
});

describe("a watch after promotion", () => {
  const watching = () => {
    const world = entered({ afterPromotion: { watch: "1h" }, onNoData: { after: "48h" }, deadline: "30m" });
    world.vote(wins);
    world.settle();
    return { world, before: world.status.stable?.revision ?? "", promoted: world.status.candidate?.revision ?? "" };
  };
  const weightOf = (world: CanaryWorld, arm: string) =>
    Math.max(...(world.slots ?? []).map(({ revision, weight }) => (revision === arm ? weight : 0)));

  it("keeps the revision before it, and makes the new one stable when its time is over", () => {
    const { world, before, promoted } = watching();
    expect(world.status).toMatchObject({ phase: "Promoting", step: { name: "watch" }, weights: { desired: 100 } });
    expect(weightOf(world, promoted)).toBe(999_999);
    expect(ready(world)?.reason).toBe("Watching");
    world.later(59 * 60_000);
    expect(world.status).toMatchObject({ stable: { revision: before }, candidate: { revision: promoted } });
    world.later(2 * 60_000);
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: promoted } });
    expect(world.faults()).toEqual([]);
  });

  it("takes a model back that turns bad, by evidence from after its promotion", () => {
    const { world, before, promoted } = watching();
    world.vote(Array<0>(40).fill(0));
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", stable: { revision: before } });
    expect(weightOf(world, before)).toBe(1_000_000);
    expect(world.status.history).toMatchObject([{ revision: promoted, outcome: "RolledBack" }]);
    expect(world.faults()).toEqual([]);
  });

  it("lets what Git asks for next wait, and ends when somebody orders it", () => {
    const { world, promoted } = watching();
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle();
    expect(world.status.candidate?.revision).toBe(promoted);
    world.annotate({ "dpo.dev/promote": promoted });
    world.settle();
    expect(world.status.stable?.revision).toBe(promoted);
    expect(world.status.candidate?.revision).not.toBe(promoted);
  });

  it("is over when Git takes it away, and nobody is sent back to the first step", () => {
    const { world, promoted } = watching();
    const { afterPromotion: _gone, ...spec } = world.canary.spec;
    const before = world.cluster.routeVersions.length;
    world.edit({ ...spec, afterPromotion: undefined as never });
    world.settle();
    const since = world.cluster.routeVersions.slice(before).map((route) => readSlots(route, CANARY) ?? []);
    const ofPromoted = since.map((slots) =>
      Math.max(...slots.map((slot) => (slot.revision === promoted ? slot.weight : 0))),
    );
    expect(Math.min(...ofPromoted)).toBeGreaterThanOrEqual(999_999);
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: promoted } });
  });

  it("lets the revision before it be tried again in a run of its own, whose clocks are not its old Deployment's", () => {
    const { world, before, promoted } = watching();
    world.later(30 * 60_000);
    world.job("train-2", "a", "2026-01-03T00:00:00Z");
    world.autoReady = false;
    world.cluster.setReady(`${CANARY}-${before}`, 0);
    world.annotate({ "dpo.dev/promote": promoted });
    world.settle();
    expect(world.status).toMatchObject({ stable: { revision: promoted }, candidate: { revision: before } });
    world.cluster.setReady(`${CANARY}-${before}`);
    world.settle(5_000);
    expect(world.status).toMatchObject({ phase: "Progressing", lastRun: { revision: promoted } });
    expect(world.status.step).toBeDefined();
    world.later(31 * 60_000);
    expect(world.status.lastRun).toMatchObject({ revision: before, outcome: "RolledBack" });
  });

  it("goes on where it was when status is lost", () => {
    const { world, promoted } = watching();
    world.loseStatus();
    world.settle();
    expect(world.status).toMatchObject({ step: { name: "watch" }, candidate: { revision: promoted } });
  });
});
