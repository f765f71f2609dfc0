import { describe, expect, it } from "vitest";
import { emptyWinRate, fewestToPass, foldWinRate, winRateTest } from "../../../../src/gates/win-rate.ts";
import { findCondition } from "../../../../src/runtime/conditions.ts";
import { canarySpec, digest, modelUri } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { candidateOf, running, stableOf } from "./scenario.ts";

const rates = { min: 0.5, target: 0.6, falsePromotion: 0.05, falseRollback: 0.05 };

/** Of how many wins in a row the last one passes. */
function winsOf(spec: typeof rates): number {
  const test = winRateTest(spec);
  let state = emptyWinRate;
  while (state.passedAt === undefined) state = foldWinRate(test, state, { sequence: state.samples + 1, outcome: 1 });
  return state.samples;
}

describe("the fewest comparisons that pass", () => {
  it.each([
    rates,
    { ...rates, min: 0.6, target: 0.7 },
    { ...rates, min: 0.45, target: 0.46, falsePromotion: 0.001 },
    { ...rates, min: 0.97, target: 0.98 },
  ])("are as many wins in a row as the test takes: %o", (spec) => {
    expect(fewestToPass(winRateTest(spec))).toBe(winsOf(spec));
  });
});

describe("a canary whose gates no candidate can pass", () => {
  const fewest = winsOf(rates);

  it("begins no run, and says by how much", () => {
    const world = new CanaryWorld(canarySpec({ gates: { winRate: { maxSamples: fewest - 1 } } }));
    world.workload();
    world.settle();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle();
    expect(world.status.candidate).toBeUndefined();
    expect(world.status.phase).toBe("Stalled");
    expect(findCondition(world.status.conditions, "Stalled")).toMatchObject({
      reason: "GatesOutOfReach",
      message:
        `gates.winRate can never pass: with every one of them for the candidate it takes ${fewest} comparisons at min 50%, ` +
        `target 60% and falsePromotion 5%, and maxSamples is ${fewest - 1}. Set maxSamples to ${fewest} or more, or take it out. ` +
        `No run begins by them, and ${stableOf(world)} goes on serving`,
    });
    world.edit({ gates: { winRate: { ...world.canary.spec.gates.winRate, maxSamples: fewest } } });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: {} });
  });

  it("has a run that goes on, whose gates can still fail", () => {
    const world = running();
    const candidate = candidateOf(world);
    world.edit({ gates: { winRate: { ...world.canary.spec.gates.winRate, maxSamples: 2 } } });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Progressing", candidate: { revision: candidate } });
    expect(findCondition(world.status.conditions, "Ready")?.message).toMatch(
      /From now on gates.winRate can never pass/,
    );
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.status.lastRun).toMatchObject({ revision: candidate, outcome: "RolledBack" });
  });

  it("chooses nobody of several by a deadline, nor by an order, until it is mended", () => {
    const model = (digit: string) => ({ name: `model-${digit}`, uri: modelUri(digit), digest: digest(digit) });
    const candidates = ["b", "c"].map(model);
    const world = new CanaryWorld(
      canarySpec({ model: { candidates }, selection: { deadline: "1h" }, onNoData: { after: "48h" } }),
    );
    world.workload();
    world.settle();
    world.voteFor("model-c", [1, 1, 1]);
    const { winRate } = world.canary.spec.gates;
    world.edit({ gates: { winRate: { ...winRate, maxSamples: 2 } } });
    world.later(2 * 3_600_000);
    expect(world.status.phase).toBe("Stalled");
    const arms = world.cluster.deployments.list().map(({ metadata }) => metadata.uid);
    world.edit({ gates: { winRate } });
    world.settle();
    expect(world.status.candidate).toBeDefined();
    const { candidate } = world.status;
    const arm = world.cluster.deployments
      .list()
      .find(({ metadata }) => metadata.name.endsWith(candidate?.revision ?? "-"));
    expect(arms).toContain(arm?.metadata.uid);
  });

  it("takes into account among how many one is chosen", () => {
    const model = (digit: string) => ({ name: `model-${digit}`, uri: modelUri(digit), digest: digest(digit) });
    const candidates = ["b", "c", "d"].map(model);
    const world = new CanaryWorld(
      canarySpec({ model: { candidates }, selection: {}, gates: { winRate: { maxSamples: fewest } } }),
    );
    world.workload();
    world.settle();
    expect(world.status.phase).toBe("Stalled");
    expect(world.cluster.deployments.list().filter(({ metadata }) => metadata.labels)).toHaveLength(2);
  });
});
