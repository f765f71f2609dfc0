import { describe, expect, it } from "vitest";
import { CANARY, NAMESPACE } from "../../../builders/canary.ts";
import { even, HOUR, losses, ready, running, serving, stableOf, wins } from "./scenario.ts";

/** Scenarios of other operators' test suites, by the numbers of docs/compared.md: what gates, limits and times do. */

const checked = {
  gates: { winRate: {}, safety: { maxViolationRate: "1%", minChecked: 10 } },
  evidence: { comparisons: { dataset: { name: "support" } }, checks: {} },
};

describe("gates", () => {
  it("3 a candidate about which nothing is known yet is not promoted when a pause ends", () => {
    const world = running({
      steps: [
        { name: "shadow", weight: 0 },
        { name: "half", weight: 50, pause: { until: "2026-01-01T01:00:00Z" } },
      ],
    });
    world.vote(even);
    world.later(HOUR / 2);
    expect(ready(world)?.message).toContain("waits until 2026-01-01T01:00:00Z");
    world.later(100 * HOUR);
    expect(world.status).toMatchObject({
      phase: "Progressing",
      step: { name: "half" },
      gates: [{ verdict: "Undecided", samples: 20 }],
    });
  });

  it("4 one of two gates that fails takes the candidate back, although the other one passed", () => {
    const world = running({
      ...checked,
      steps: [
        { name: "shadow", weight: 0 },
        { name: "half", weight: 50, requires: ["winRate", "safety"] },
      ],
    });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ step: { name: "shadow" }, gates: [{ verdict: "Pass" }, {}] });
    world.check(Array<boolean>(10).fill(true));
    world.settle();
    expect(world.status.lastRun).toMatchObject({
      outcome: "RolledBack",
      message: expect.stringMatching(/^safety: /),
    });
    expect(world.statuses.some(({ step }) => step?.name === "half")).toBe(false);
  });

  it("6 a sampler that cannot start is no verdict: the candidate stays, and status says what is missing", () => {
    const world = running({ onNoData: { after: "1h" } });
    world.autoReady = false;
    world.cluster.setReady(world.samplerName, 0);
    world.settle();
    expect(ready(world)?.message).toContain("no pod of the sampler is ready, so nothing is compared");
    world.later(100 * HOUR);
    expect(ready(world)?.reason).toBe("NoData");
    expect(world.status).toMatchObject({ step: { name: "half" }, gates: [{ verdict: "NoData" }] });
    expect(world.status.lastRun).toBeUndefined();
  });

  it("29 there are no step plugins: what a step requires fails before it is entered, and no step is left to undo", () => {
    const world = running({
      ...checked,
      steps: [
        { name: "shadow", weight: 0 },
        { name: "half", weight: 50, requires: ["safety"] },
      ],
    });
    const writes = world.cluster.routeVersions.length;
    world.check(Array<boolean>(10).fill(true));
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { outcome: "RolledBack" } });
    const weights = world.cluster.routeVersions
      .slice(writes)
      .map(({ spec }) => spec.rules?.[0]?.backendRefs?.[0]?.weight);
    expect(new Set(weights)).toEqual(new Set([1_000_000]));
  });

  it("43 a candidate that answers with errors loses each comparison, and is out after a few", () => {
    const world = running();
    let failed = 0;
    for (; world.status.candidate !== undefined && failed < 100; failed++) {
      world.vote([0]);
      world.settle(5_000);
    }
    expect(failed).toBeLessThan(20);
    expect(world.status.phase).toBe("RolledBack");
    expect(serving(world)).toEqual({ [stableOf(world)]: 1_000_000 });
  });
});

describe("no data", () => {
  it("is neither a failure nor a success: a candidate that nobody judged stays where it is until somebody does", () => {
    const world = running({ onNoData: { after: "1h" } });
    world.later(1000 * HOUR);
    expect(world.status).toMatchObject({
      phase: "Progressing",
      step: { name: "half" },
      gates: [{ verdict: "NoData" }],
    });
    world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });
});

describe("times", () => {
  it("16 the deadline is for the whole run, a step's pause included", () => {
    const world = running({
      deadline: "1h",
      steps: [{ name: "half", weight: 50, pause: { until: "2026-01-01T02:00:00Z" } }],
    });
    world.later(1.5 * HOUR);
    expect(world.status.phase).toBe("RolledBack");
    expect(world.status.lastRun?.message).toMatch(/^Inconclusive: not promoted within spec\.deadline, 1h/);
  });

  it("26 a canary that is suspended in mid-run has nothing written, however often it is looked at", () => {
    const world = running();
    world.edit({ suspend: true });
    world.settle();
    const [writes, status] = [world.effects.length, JSON.stringify(world.status)];
    for (let i = 0; i < 20; i++) world.pass();
    expect([world.effects.length, JSON.stringify(world.status)]).toEqual([writes, status]);
  });
});

describe("a freeze", () => {
  const freezes = [{ schedule: "0 0 * * *", duration: "6h" }];

  it("holds a candidate that has passed in its last step until it is over", () => {
    const world = running({ freezes });
    world.vote(wins);
    world.settle();
    expect(ready(world)).toMatchObject({
      reason: "WindowClosed",
      message: expect.stringContaining("2026-01-01T06:00:00Z"),
    });
    world.later(7 * HOUR);
    expect(world.status.phase).toBe("Promoted");
  });

  it("holds no rollback", () => {
    const world = running({ freezes });
    world.vote(losses);
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    expect(world.cluster.deployments.labelled("dpo.dev/canary", CANARY, NAMESPACE)).toHaveLength(2);
  });
});
