import { describe, expect, it } from "vitest";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { candidateOf, HOUR, idle, running, serving, stableOf, wins } from "./scenario.ts";

const latency = { name: "latency", prometheus: { query: "p99" }, max: "0.8" };
const steps = [
  { name: "shadow", weight: 0 },
  { name: "half", weight: 50 },
];

function gate(world: CanaryWorld, name: string) {
  const found = world.status.gates?.find((each) => each.name === name);
  if (found === undefined) throw new Error(`status has no gate ${name}`);
  return found;
}

const metric = (world: CanaryWorld) => gate(world, "metrics/latency");
const withMetric = (changes: object = {}, spec: object = {}) =>
  running({ steps, gates: { winRate: {}, metrics: [{ ...latency, ...changes }] }, ...spec });

const good = Array<number>(10).fill(0.5);
const bad = Array<number>(3).fill(0.9);

describe("a metric of a canary", () => {
  it("that breaks its bound takes the candidate back at once, with the numbers", () => {
    const world = withMetric();
    world.answers.sample("metrics/latency", ...good);
    world.settle();
    expect(metric(world)).toMatchObject({ verdict: "Pass", samples: 10, sum: "0", estimate: "0%" });
    world.answers.sample("metrics/latency", ...bad, ...bad);
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    expect(world.status.lastRun?.message).toMatch(/^metrics\/latency: 6 of 16 samples break the bound, at most 0.8/);
    expect(world.faults()).toEqual([]);
  });

  it("is one of the gates that have to pass for a promotion", () => {
    const world = withMetric();
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
    world.answers.sample("metrics/latency", ...good);
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });

  it("can be required by a step, with all others", () => {
    const world = running({
      steps: [...steps, { name: "most", weight: 90, requires: ["metrics"] }],
      gates: { winRate: {}, metrics: [latency, { ...latency, name: "errors" }] },
    });
    world.answers.sample("metrics/latency", ...good);
    world.settle();
    expect(world.status.step?.name).toBe("half");
    world.answers.sample("metrics/errors", ...good);
    world.settle();
    expect(world.status.step?.name).toBe("most");
  });

  it("that cannot be read is no data: the candidate stays, and a promotion waits", () => {
    const world = withMetric();
    world.answers.sample("metrics/latency", ...good);
    world.settle();
    world.answers.setAccess("metrics/latency", { type: "Unreadable", problem: "Prometheus default: down" });
    world.vote(wins);
    world.settle();
    expect(metric(world)).toMatchObject({
      verdict: "NoData",
      message: expect.stringContaining("Prometheus default: down"),
    });
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
    world.answers.setAccess("metrics/latency", { type: "Readable" });
    world.settle();
    expect(world.status.phase).toBe("Promoted");
  });

  it("takes the candidate back after onNoData.after, where that is asked for", () => {
    const world = withMetric({}, { onNoData: { after: "1h", do: "Rollback" } });
    world.answers.setAccess("metrics/latency", { type: "Unreadable", problem: "down" });
    world.later(0.5 * HOUR);
    world.vote([1]);
    world.later(0.6 * HOUR);
    expect(world.status.lastRun?.message).toMatch(/^No data: metrics\/latency heard nothing new for 1h/);
  });

  it("without a value does not keep the candidate in shadow, where nobody is served, and holds it from then on", () => {
    const world = running({
      steps: [
        { name: "shadow", weight: 0, minDuration: "1h" },
        { name: "half", weight: 50 },
      ],
      gates: { winRate: {}, metrics: [latency] },
    });
    world.answers.setAccess("metrics/latency", { type: "Empty", problem: "the query has no value" });
    world.answers.say("metrics/latency", undefined);
    world.settle();
    expect(world.status.step?.name).toBe("shadow");
    expect(metric(world)).toMatchObject({ verdict: "Undecided", samples: 0, cursor: { sequence: 1 } });
    world.later(2 * HOUR);
    expect(world.status.step?.name).toBe("half");
    expect(metric(world)).toMatchObject({
      verdict: "NoData",
      message: expect.stringContaining("the query has no value"),
    });
  });

  it("against stable is not missed in the watch, where stable serves nobody", () => {
    const query = 'p99{revision="{{revision}}"}';
    const world = withMetric(
      { against: "Stable", max: "1.2", prometheus: { query } },
      { afterPromotion: { watch: "1h" } },
    );
    world.answers.sample("metrics/latency", ...Array<[number, number]>(10).fill([1.1, 1]));
    world.vote(wins);
    world.settle();
    expect(world.status.step?.name).toBe("watch");
    world.answers.setAccess("metrics/latency", { type: "Empty", problem: "for stable the query has no value" });
    world.later(2 * HOUR);
    expect(world.status.phase).toBe("Promoted");
  });

  it("is folded once, whatever crashes in between", () => {
    const world = withMetric();
    for (const value of good) {
      world.answers.sample("metrics/latency", value);
      world.settle(1000, { 0: "BeforeStatus" });
    }
    expect(metric(world)).toMatchObject({ samples: 10, cursor: { sequence: 10 } });
  });

  it("whose bound is changed is sampled anew from the beginning, and status tells of it", () => {
    const world = withMetric();
    world.answers.sample("metrics/latency", ...good);
    world.settle();
    const { gates } = world.canary.spec;
    const [asked] = gates.metrics ?? [];
    if (asked === undefined) throw new Error("no metric");
    world.edit({ gates: { ...gates, metrics: [{ ...asked, max: "0.4" }] } });
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack" });
    expect(world.status.gates?.[1]).toMatchObject({ changedFrom: expect.stringContaining("max 0.8") });
  });
});

describe("a query", () => {
  it("names the arms by their revisions, each placeholder once and for all", () => {
    const query = "{{namespace}}/{{canary}} {{revision}} {{stable}} {{revision}} {{other}}";
    const world = withMetric({ against: "Stable", prometheus: { query, server: "team" } });
    const [candidate, stable] = [candidateOf(world), stableOf(world)];
    expect(world.answers.asked).toMatchObject([
      {
        gate: "metrics/latency",
        intervalMs: 60_000,
        server: "team",
        candidate: `chat/assistant ${candidate} ${stable} ${candidate} {{other}}`,
        stable: `chat/assistant ${stable} ${stable} ${stable} {{other}}`,
      },
    ]);
  });

  it("is asked from when the candidate's pods were there, and no more once it is taken back", () => {
    const world = idle({ steps, gates: { winRate: {}, metrics: [latency] } });
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.autoReady = false;
    world.settle(1000);
    expect(world.answers.asked).toEqual([]);
    world.autoReady = true;
    world.settle(0);
    world.settle(30_000);
    expect(world.answers.asked).toMatchObject([{ since: new Date(world.status.candidate?.entered ?? "") }]);
    world.annotate({ "dpo.dev/rollback": candidateOf(world) });
    world.settle(0);
    expect(world.status.candidate === undefined || world.answers.asked.length === 0).toBe(true);
  });
});

describe("a webhook of a canary", () => {
  const spec = { steps, gates: { winRate: {}, webhook: { endpoint: "board" } } };
  const say = (world: CanaryWorld, verdict: "Pass" | "Fail" | "Undecided", message = "") => {
    world.answers.say("webhook", { type: "Webhook", verdict, message });
    world.settle();
  };

  it("is told what it is about", () => {
    const world = running(spec);
    expect(world.answers.asked).toMatchObject([
      {
        gate: "webhook",
        intervalMs: 300_000,
        endpoint: "board",
        about: {
          namespace: "chat",
          canary: "assistant",
          candidate: { revision: candidateOf(world), digest: `sha256:${"b".repeat(64)}` },
          stable: { revision: stableOf(world), digest: `sha256:${"a".repeat(64)}` },
          step: "half",
          weight: 50,
        },
      },
    ]);
  });

  it("that says Fail takes the candidate back, in its own words", () => {
    const world = running(spec);
    say(world, "Fail", "over budget");
    expect(world.status.phase).toBe("RolledBack");
    expect(world.status.lastRun?.message).toBe("webhook: board said Fail in its answer 1: over budget");
  });

  it("holds a promotion until it says Pass, and again when it has taken that back", () => {
    const world = running(spec);
    say(world, "Pass");
    expect(gate(world, "webhook")).toMatchObject({ verdict: "Pass", samples: 1 });
    say(world, "Undecided", "somebody looks into it");
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
    expect(serving(world)).toEqual({ [candidateOf(world)]: 500_000, [stableOf(world)]: 500_000 });
    say(world, "Pass");
    expect(world.status.phase).toBe("Promoted");
  });

  it("that does not answer is no data, whatever it said before", () => {
    const world = running(spec);
    say(world, "Pass");
    world.answers.setAccess("webhook", { type: "Unreadable", problem: "webhook board: it answered HTTP 500" });
    world.vote(wins);
    world.settle();
    expect(gate(world, "webhook").verdict).toBe("NoData");
    expect(world.status.phase).toBe("Progressing");
  });
});
