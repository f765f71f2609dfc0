import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../../src/api/v1alpha1/metadata.ts";
import { CANARY, NAMESPACE } from "../../../builders/canary.ts";
import type { CanaryWorld, Crash } from "../../../builders/canary-world.ts";
import { candidateOf, HOUR, idle, losses, ready, rolledBack, running, serving, stableOf, wins } from "./scenario.ts";

const RATED = {
  gates: { winRate: {}, compliance: {} },
  evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
};
const steps = [
  { name: "shadow", weight: 0, minDuration: "1h" },
  { name: "half", weight: 50 },
];

function recordOf(world: CanaryWorld, revision: string) {
  return world.cluster.records.get({ namespace: NAMESPACE, name: `${CANARY}-${revision}` });
}

function firstServed(world: CanaryWorld, revision: string): string | undefined {
  return recordOf(world, revision)?.metadata.annotations?.[ANNOTATION.firstServed];
}

/** As an earlier release left it. */
function forget(world: CanaryWorld, revision: string): void {
  const { metadata, ...record } = recordOf(world, revision) ?? { metadata: { name: "" } };
  const { [ANNOTATION.firstServed]: _forgotten, ...annotations } = metadata.annotations ?? {};
  world.cluster.put(world.cluster.records, { revision: 1, ...record, metadata: { ...metadata, annotations } });
}

/** Of compliance. */
function samples(world: CanaryWorld): number | undefined {
  return world.status.gates?.find(({ name }) => name === "compliance")?.samples;
}

describe("when a revision first served", () => {
  it("is noted before the route gives it anything, and never again", () => {
    const world = idle({ ...RATED, steps });
    expect(firstServed(world, stableOf(world))).toBeDefined();
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    const candidate = () => candidateOf(world);
    world.settle(HOUR - 1_000);
    expect(world.status.step?.name).toBe("shadow");
    expect(firstServed(world, candidate())).toBeUndefined();
    while (serving(world)[candidate()] !== 500_000) {
      if ((serving(world)[candidate()] ?? 0) > 1) expect(firstServed(world, candidate())).toBeDefined();
      world.pass();
      world.clock.pause(1_000);
    }
    const noted = firstServed(world, candidate());
    expect(Date.parse(noted ?? "")).toBeLessThan(world.clock.now().getTime());
    world.later(HOUR);
    world.loseStatus();
    world.later(HOUR);
    expect(firstServed(world, candidate())).toBe(noted);
    expect(world.effects.filter((effect) => effect.type === "ApplyRecord")).toHaveLength(4);
  });

  it.each<Crash>(["BeforeEffect", "BeforeStatus"])(
    "is not after its first requests, whenever the operator dies: %s",
    (crash) => {
      const entering = () => {
        const world = idle({ ...RATED, steps: steps.slice(1) });
        world.job("train-1", "b", "2026-01-02T00:00:00Z");
        return world;
      };
      const passes = entering().settle(30_000);
      expect(passes).toBeGreaterThan(5);
      for (let at = 0; at < passes; at++) {
        const world = entering();
        world.settle(30_000, { [at]: crash });
        const { served, revision = "" } = world.status.candidate ?? {};
        expect(serving(world)[revision]).toBe(500_000);
        expect(Date.parse(firstServed(world, revision) ?? "")).toBeLessThanOrEqual(Date.parse(served ?? ""));
        world.rate("Candidate", [1, 1]);
        world.settle(0);
        expect(samples(world)).toBe(2);
      }
    },
  );

  it.each([
    ["the gates began with", false],
    ["status knows, where no gate says it", true],
  ])("is what %s of one that serves already, whose ratings go on", (_, isUnknown) => {
    const world = running(RATED);
    const noted = firstServed(world, candidateOf(world));
    const { candidate: { served } = {}, gates = [] } = world.status;
    world.rate("Candidate", [1, 0]);
    world.settle(0);
    forget(world, candidateOf(world));
    if (isUnknown) world.setStatus({ gates: gates.map(({ since: _since, ...gate }) => gate) });
    world.clock.pause(HOUR);
    world.rate("Candidate", [1]);
    world.settle(0);
    expect([noted, served]).toEqual([expect.any(String), expect.any(String)]);
    expect(served).not.toBe(noted);
    expect(firstServed(world, candidateOf(world))).toBe(isUnknown ? served : noted);
    expect(samples(world)).toBe(3);
  });

  it("keeps no rollback waiting, nor what comes after one", () => {
    const world = running(RATED);
    const candidate = candidateOf(world);
    forget(world, candidate);
    forget(world, stableOf(world));
    world.vote(losses);
    expect(world.pass().effect).toMatchObject({ type: "WriteRoute", isRollback: true });
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", lastRun: { revision: candidate } });
  });

  it("is told where the API server does not take it, keeps no traffic waiting, and is made good", () => {
    const world = idle({ ...RATED, steps });
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.settle(30_000);
    world.refuses = (effect) => effect.type === "ApplyRecord";
    world.settle(2 * HOUR);
    expect(serving(world)[candidateOf(world)]).toBe(500_000);
    expect(ready(world)?.message).toContain("ApplyRecord is forbidden");
    world.rate("Candidate", [1]);
    world.settle(0);
    expect(samples(world)).toBe(1);
    world.refuses = () => false;
    world.settle(0);
    expect(firstServed(world, candidateOf(world))).toBe(world.status.candidate?.served);
    expect(samples(world)).toBe(1);
  });

  /** The gates have passed, and the step's time has yet to run out when users change their minds. */
  function aboutToBePromoted(): CanaryWorld {
    const half = [{ name: "half", weight: 50, minDuration: "1h" }];
    const world = running({ ...RATED, steps: half });
    world.vote(wins);
    for (let i = 0; i < 60; i++) world.rate("Candidate", [1]);
    world.settle(HOUR / 2);
    expect(world.status.gates?.map(({ verdict }) => verdict)).toEqual(["Pass", "Pass"]);
    for (let i = 0; i < 300; i++) world.rate("Candidate", [0]);
    world.clock.pause(HOUR);
    return world;
  }

  it("is not lost to the gates with the record, which somebody deletes", () => {
    const world = aboutToBePromoted();
    world.cluster.remove(world.cluster.records, `${CANARY}-${candidateOf(world)}`);
    world.settle();
    expect(world.status).toMatchObject({
      phase: "RolledBack",
      lastRun: { message: expect.stringMatching(/^compliance/) },
    });
  });

  it("keeps a candidate where it is until its ratings were read, by an operator that may not note it either", () => {
    const world = aboutToBePromoted();
    forget(world, candidateOf(world));
    world.refuses = (effect) => effect.type === "ApplyRecord";
    world.restart();
    world.pass();
    expect(ready(world)).toMatchObject({ reason: "ReadingEvidence" });
    world.settle();
    expect(serving(world)).toEqual({ [stableOf(world)]: 1_000_000 });
  });

  it("has the ratings that took a candidate back in the archive of its run, also where status was lost with the process", () => {
    const world = running(RATED);
    world.rate("Candidate", Array<0>(60).fill(0));
    while (world.slots?.every(({ weight }) => weight > 1)) world.pass("BeforeStatus");
    world.loseStatus();
    world.restart();
    world.evidence.setAccess({ type: "Unread" }, "ratings");
    world.settle();
    expect(world.archived.size).toBe(0);
    world.evidence.setAccess({ type: "Readable" });
    world.settle();
    const [run] = world.archived.values();
    expect(run).toMatchObject({ outcome: "RolledBack", gates: [{}, { verdict: "Fail", failedAt: {} }] });
  });

  it("of a candidate that serves already does not keep what somebody else has written standing", () => {
    const world = running(RATED);
    const { route } = world;
    const [rule, ...others] = route?.spec.rules ?? [];
    if (route === undefined || rule === undefined) throw new Error("there is no rule");
    const backendRefs = rule.backendRefs?.map((ref) => ({ ...ref, weight: ref.weight === 0 ? 0 : 300_000 }));
    world.cluster.put(world.cluster.routes, {
      ...route,
      spec: { ...route.spec, rules: [{ ...rule, backendRefs }, ...others] },
    });
    forget(world, candidateOf(world));
    expect(world.pass().effect).toMatchObject({ type: "WriteRoute" });
  });

  it("of what serves already keeps nothing of traffic waiting, and is when its record was made", () => {
    const world = rolledBack(RATED);
    const stable = stableOf(world);
    world.cluster.remove(world.cluster.routes, CANARY);
    forget(world, stable);
    expect(world.pass().effect).toMatchObject({ type: "WriteRoute" });
    world.settle();
    expect(firstServed(world, stable)).toBe(recordOf(world, stable)?.metadata.creationTimestamp);
  });
});
