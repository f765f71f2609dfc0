import { describe, expect, it } from "vitest";
import { boundedWeight } from "../../../../src/controllers/preferencecanary/run/exposure.ts";
import { WHOLE } from "../../../../src/traffic/slots.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { candidateOf, running, stableOf } from "./scenario.ts";

const query = 'sum(answers_total{revision="{{revision}}"})';
const spec = {
  maxExposure: { answers: 1_000, prometheus: { query } },
  evidence: { comparisons: { percent: 5, dataset: { name: "support" } }, checks: {} },
  gates: { winRate: {}, safety: { maxViolationRate: "1%", minChecked: 50 } },
  steps: [
    { name: "shadow", weight: 0 },
    { name: "half", weight: 50 },
  ],
};
const bounded = (changes: object = {}) => running({ ...spec, ...changes });
const SECOND = 1_000;

/** In parts of a million. */
function weight(world: CanaryWorld): number {
  const candidate = candidateOf(world);
  return Math.max(0, ...(world.slots ?? []).filter((slot) => slot.revision === candidate).map((slot) => slot.weight));
}

/** Users' requests, counted every 15 s by a Prometheus that scrapes both arms every `scrape` seconds. */
function users(world: CanaryWorld, perSecond: number, scrape = 15) {
  let candidate = 0;
  let stable = 0;
  let scraped: readonly [number, number] = [0, 0];
  return {
    served: () => candidate,
    pass(seconds: number): void {
      for (let second = 1; second <= seconds; second += 1) {
        candidate += (perSecond * weight(world)) / WHOLE;
        stable += perSecond * (1 - weight(world) / WHOLE);
        if (second % scrape === 0) scraped = [Math.floor(candidate), Math.floor(stable)];
        if (second % 15 === 0) world.answers.sample("maxExposure", scraped);
        world.later(SECOND);
      }
    },
  };
}

describe("maxExposure", () => {
  it("asks for both arms' answers, and counts a candidate without a value as one that served nothing", () => {
    const world = bounded();
    expect(world.answers.asked).toMatchObject([
      {
        gate: "maxExposure",
        intervalMs: 15_000,
        candidate: `(sum(answers_total{revision="${candidateOf(world)}"})) or vector(0)`,
        stable: `sum(answers_total{revision="${stableOf(world)}"})`,
      },
    ]);
  });

  it("keeps the candidate in shadow while nobody knows how many requests there are, and says so", () => {
    const world = bounded();
    world.later(60 * SECOND);
    expect(world.status).toMatchObject({ step: { name: "half" }, exposure: { answers: 0, of: 1_000 } });
    expect(weight(world)).toBe(0);
    expect(ready(world)).toContain("how many requests there are is not known yet");
  });

  it.each([
    [1, 15],
    [200, 15],
    [1000, 30],
    [100, 60],
  ])(
    "is never exceeded at %i requests a second, scraped every %i s, for however long safety takes",
    (perSecond, scrape) => {
      const world = bounded();
      const traffic = users(world, perSecond, scrape);
      traffic.pass(600);
      expect(traffic.served()).toBeGreaterThan(Math.min(450, perSecond * 200));
      expect(Math.floor(traffic.served())).toBeLessThanOrEqual(1_000);
      expect(world.faults()).toEqual([]);
      world.check(Array<boolean>(50).fill(false));
      world.later(30 * SECOND);
      expect(weight(world)).toBe(WHOLE / 2);
      expect(world.status.step?.name).toBe("half");
    },
  );

  it("gives a step that its bound does not touch its whole weight, and lasts from then on", () => {
    const world = bounded({ maxExposure: { ...spec.maxExposure, answers: 1_000_000 } });
    users(world, 10).pass(45);
    expect(weight(world)).toBe(WHOLE / 2);
    expect(world.status.weights?.since).toBeDefined();
  });

  it("takes weight back as the last count gets older", () => {
    const world = bounded();
    const traffic = users(world, 10);
    traffic.pass(45);
    const before = weight(world);
    expect(world.status.exposure?.weight).toBe(`${before / 10_000}%`);
    world.answers.setAccess("maxExposure", { type: "Unreadable", problem: "Prometheus default: down" });
    world.later(600 * SECOND);
    expect(before).toBeGreaterThan(0);
    expect(weight(world)).toBeLessThanOrEqual(before / 4);
    expect(ready(world)).toContain("Prometheus default: down");
  });

  it("does not believe a query that counts nothing of a candidate that is sent requests", () => {
    const world = bounded();
    for (let turn = 1; turn <= 20; turn += 1) {
      world.answers.sample("maxExposure", [0, turn * 150]);
      world.later(15 * SECOND);
    }
    expect(weight(world)).toBe(0);
    expect(ready(world)).toContain("counts nothing of it although requests were sent to it");
    world.answers.sample("maxExposure", [30, 3_200]);
    world.later(15 * SECOND);
    world.later(15 * SECOND);
    expect(weight(world)).toBeGreaterThan(0);
  });

  it("counts on after pods were replaced, and after a crash", () => {
    const world = bounded();
    for (const counts of [
      [100, 1_000],
      [40, 1_100],
      [60, 1_200],
    ] as const) {
      world.later(15 * SECOND);
      world.answers.sample("maxExposure", counts);
      world.settle(SECOND, { 0: "BeforeStatus" });
    }
    expect(world.status.exposure).toMatchObject({ answers: 160, cursor: { sequence: 3 } });
  });

  it("counts nothing twice where one scrape is missed", () => {
    const world = bounded();
    for (const counts of [
      [410, 1_000],
      [300, 1_100],
      [430, 1_200],
      [0, 1_300],
      [440, 1_400],
    ] as const) {
      world.later(15 * SECOND);
      world.answers.sample("maxExposure", counts);
      world.settle(SECOND);
    }
    expect(world.status.exposure).toMatchObject({ answers: 440, rate: "6.8" });
  });

  it("does not take counters that are back at nothing for a service without requests", () => {
    const world = bounded();
    const traffic = users(world, 100);
    traffic.pass(45);
    const before = weight(world);
    world.answers.sample("maxExposure", [0, 0]);
    world.later(15 * SECOND);
    world.answers.sample("maxExposure", [0, 0]);
    world.later(15 * SECOND);
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(WHOLE / 2);
    expect(weight(world)).toBeLessThanOrEqual(before);
  });

  it("says of its step that it gives up to so much, and what it waits for", () => {
    const world = bounded();
    world.later(60 * SECOND);
    const entered = world.events.filter(({ reason }) => reason === "StepEntered").at(-1);
    expect(entered?.note).toContain("up to 50% of requests");
    expect(ready(world)).not.toContain("until its weight is live");
  });

  it("does not hold back a rollback", () => {
    const world = bounded();
    users(world, 10).pass(60);
    world.check(Array<boolean>(50).fill(true));
    world.later(30 * SECOND);
    expect(world.status.phase).toBe("RolledBack");
    expect(world.faults()).toEqual([]);
  });
});

describe("a weight under a cap", () => {
  it("is the most of a step's halvings that is allowed, and goes up only with room to spare", () => {
    expect(boundedWeight(500_000, 600_000, 0)).toBe(250_000);
    expect(boundedWeight(500_000, 600_000, 500_000)).toBe(500_000);
    expect(boundedWeight(500_000, 750_000, 0)).toBe(500_000);
    expect(boundedWeight(500_000, 499_999, 500_000)).toBe(250_000);
    expect(boundedWeight(500_000, 400, 500_000)).toBe(0);
    expect(boundedWeight(500_000, 0, 250_000)).toBe(0);
  });
});

function ready(world: CanaryWorld): string {
  return world.status.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
}
