import { describe, expect, it } from "vitest";
import { ALMOST_WHOLE, WHOLE } from "../../../../src/traffic/slots.ts";
import { modelUri, podTemplate } from "../../../builders/canary.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import {
  armOf,
  candidateOf,
  HOUR,
  idle,
  losses,
  ready,
  running,
  serving,
  setPods,
  stableOf,
  wins,
} from "./scenario.ts";

/** Scenarios of other operators' test suites, by the numbers of docs/compared.md: who serves, with how many pods. */

/** What a revision had in each version of the route in which that changed, without the zeros. */
function weightsOf(world: CanaryWorld, revision: string): number[] {
  const weights = world.cluster.routeVersions.map(({ spec }) => {
    const refs = spec.rules?.[0]?.backendRefs ?? [];
    return Math.max(0, ...refs.filter(({ name }) => name.endsWith(revision)).map(({ weight = 1 }) => weight));
  });
  return weights.filter((weight, i) => weight > 0 && weight !== weights[i - 1]);
}

describe("a rollback", () => {
  it("8 goes to a stable that is not ready too, at once: it has kept its pods, and the candidate is rejected", () => {
    const world = running({ replicas: 4 });
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    setPods(world, stable, 1);
    world.settle();
    expect(serving(world)).toEqual({ [stable]: WHOLE / 2, [candidate]: WHOLE / 2 });
    world.annotate({ "dpo.dev/rollback": candidate });
    world.pass();
    expect(serving(world)).toEqual({ [stable]: WHOLE - 1, [candidate]: 1 });
    world.settle();
    expect(serving(world)).toEqual({ [stable]: WHOLE });
    expect(armOf(world, stable)?.spec?.replicas).toBe(4);
  });
});

describe("a promotion", () => {
  it("40 makes no copy that could fail: a candidate that loses its pods on the way hands all requests back", () => {
    const world = running({ afterPromotion: { watch: "24h" } });
    const [stable, candidate] = [stableOf(world), candidateOf(world)];
    world.vote(wins);
    world.pass();
    setPods(world, candidate, 0);
    world.settle(60_000);
    expect(serving(world)).toEqual({ [stable]: WHOLE });
    expect(world.status).toMatchObject({ stable: { revision: stable }, gates: [{ verdict: "Pass" }] });
    setPods(world, candidate);
    world.settle();
    expect(serving(world)).toEqual({ [stable]: 1, [candidate]: ALMOST_WHOLE });
    setPods(world, candidate, 0);
    world.settle(5_000);
    expect(serving(world)).toEqual({ [stable]: WHOLE });
    expect(armOf(world, stable)?.status?.availableReplicas).toBe(1);
    expect(world.faults()).toEqual([]);
  });

  it("22 needs no stable that can answer", () => {
    const world = idle();
    const stable = stableOf(world);
    setPods(world, stable, 0);
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    for (let i = 0; i < 4; i++) {
      world.settle(15_000);
      setPods(world, candidateOf(world));
      world.cluster.setReady(world.samplerName);
    }
    const candidate = candidateOf(world);
    expect(world.status.step?.name).toBe("half");
    world.vote(wins);
    world.settle();
    expect(serving(world)).toEqual({ [candidate]: WHOLE });
    expect(stableOf(world)).toBe(candidate);
  });
});

describe("weights", () => {
  it("47 are exactly the steps' own", () => {
    const steps = [1, 2, 10, 80].map((weight) => ({ name: `w${weight}`, weight }));
    const world = running({ steps });
    const candidate = candidateOf(world);
    world.vote(wins);
    world.settle();
    expect(weightsOf(world, candidate)).toEqual([1, 10_000, 20_000, 100_000, 800_000, ALMOST_WHOLE, WHOLE]);
  });

  it("55 cross zero in no write and leave nobody without a backend, over a promotion and a rollback", () => {
    const steps = [10, 30, 99].map((weight) => ({ name: `w${weight}`, weight }));
    const world = running({ steps });
    world.vote(wins);
    world.settle();
    world.job("train-2", "c", "2026-01-03T00:00:00Z");
    world.settle(30_000);
    expect(serving(world)).toEqual({ [stableOf(world)]: 10_000, [candidateOf(world)]: 990_000 });
    world.vote(losses);
    world.settle();
    expect(world.status.phase).toBe("RolledBack");
    expect(world.cluster.routeVersions.length).toBeGreaterThan(10);
    expect(world.faults()).toEqual([]);
  });

  it("46 are for requests and not for users: nothing ties one to an arm, so a rollback leaves none behind", () => {
    const world = running();
    const candidate = candidateOf(world);
    const [rule] = world.route?.spec.rules ?? [];
    expect(Object.keys(rule ?? {}).toSorted()).toEqual(["backendRefs", "filters", "matches"]);
    const headers = rule?.backendRefs?.map(({ filters = [] }) => JSON.stringify(filters));
    expect(headers?.every((filters) => filters.includes("x-dpo-arm"))).toBe(true);
    world.vote(losses);
    world.settle();
    expect(JSON.stringify(world.route?.spec)).not.toContain(candidate);
  });
});

describe("blue/green", () => {
  const steps = [{ name: "preview", weight: 0, approval: "Required" }];

  it("is one shadow step: nobody is served by green before its approval, and everybody after it", () => {
    const world = running({ steps, replicas: 3, afterPromotion: { watch: "1h" } });
    const [blue, green] = [stableOf(world), candidateOf(world)];
    world.vote(wins);
    world.settle();
    expect(world.status.phase).toBe("AwaitingApproval");
    expect(serving(world)).toEqual({ [blue]: WHOLE });
    const judged = armOf(world, green);
    world.annotate({ "dpo.dev/approve": `${green}/preview` });
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoting", step: { name: "watch" } });
    expect(weightsOf(world, green)).toEqual([1, ALMOST_WHOLE]);
    expect([blue, green].map((arm) => armOf(world, arm)?.status?.availableReplicas)).toEqual([3, 3]);
    world.later(1.1 * HOUR);
    expect(serving(world)).toEqual({ [green]: WHOLE });
    expect(armOf(world, blue)).toBeUndefined();
    const { uid } = judged?.metadata ?? {};
    expect(armOf(world, green)).toMatchObject({ metadata: { uid }, spec: { ...judged?.spec, replicas: 3 } });
    expect(world.faults()).toEqual([]);
  });

  describe("as weight: 100 after the shadow step", () => {
    const whole = {
      steps: [
        { name: "preview", weight: 0 },
        { name: "all", weight: 100, requires: ["winRate"] },
      ],
      replicas: 3,
      evidence: { comparisons: { dataset: { name: "support" } }, ratings: {} },
      gates: { winRate: {}, compliance: { min: "50%", target: "80%" } },
    };
    const inAll = () => {
      const world = running(whole);
      world.vote(wins);
      world.settle();
      return world;
    };

    it("gives green every user before it is promoted, which what they think of it decides; blue keeps its pods", () => {
      const world = running(whole);
      const [blue, green] = [stableOf(world), candidateOf(world)];
      expect(serving(world)).toEqual({ [blue]: WHOLE });
      world.vote(wins);
      world.settle();
      expect(serving(world)).toEqual({ [blue]: 1, [green]: ALMOST_WHOLE });
      expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "all" }, stable: { revision: blue } });
      expect([blue, green].map((arm) => armOf(world, arm)?.status?.availableReplicas)).toEqual([3, 3]);
      world.rate("Candidate", wins);
      world.settle();
      expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: green } });
      expect(serving(world)).toEqual({ [green]: WHOLE });
      expect(armOf(world, blue)).toBeUndefined();
      expect(world.faults()).toEqual([]);
    });

    it("gives blue all of them back by one write when a gate fails", () => {
      const world = inAll();
      const [blue, green] = [stableOf(world), candidateOf(world)];
      world.rate("Candidate", losses);
      world.pass();
      expect(serving(world)).toEqual({ [blue]: ALMOST_WHOLE, [green]: 1 });
      world.settle();
      expect(world.status).toMatchObject({ phase: "RolledBack", stable: { revision: blue } });
    });

    it("ends when Git asks for something else, as in any step: it is not promoted yet", () => {
      const world = inAll();
      const blue = stableOf(world);
      world.workload(podTemplate(modelUri("a"), "server:2"));
      world.settle(500);
      expect(world.status.lastRun).toMatchObject({ outcome: "Superseded" });
      expect(serving(world)[blue]).toBeGreaterThanOrEqual(ALMOST_WHOLE);
    });

    it("is no promotion, whatever Git makes of the step: with less it has less, and its gates still decide", () => {
      for (const steps of [
        [
          { name: "preview", weight: 0 },
          { name: "all", weight: 50 },
        ],
        [{ name: "preview", weight: 0 }],
      ]) {
        const world = running({ ...whole, afterPromotion: { watch: "1m" } });
        const [blue, green] = [stableOf(world), candidateOf(world)];
        world.vote(wins);
        world.settle();
        expect(serving(world)).toEqual({ [blue]: 1, [green]: ALMOST_WHOLE });
        world.edit({ steps: steps.map((step) => ({ minDuration: "0s", approval: "None", ...step })) });
        world.later(HOUR);
        expect(world.status).toMatchObject({ stable: { revision: blue }, candidate: { revision: green } });
        expect(serving(world)[blue]).toBeGreaterThanOrEqual(WHOLE / 2);
      }
    });

    it("is the step that it is in when status is lost, and a watch can come after it", () => {
      const world = running({ ...whole, afterPromotion: { watch: "1h" } });
      const [blue, green] = [stableOf(world), candidateOf(world)];
      world.vote(wins);
      world.settle();
      world.loseStatus();
      world.settle();
      expect(world.status).toMatchObject({ step: { name: "all" }, stable: { revision: blue } });
      const writes = world.cluster.routeVersions.length;
      world.rate("Candidate", wins);
      world.settle();
      expect(world.status).toMatchObject({ phase: "Promoting", step: { name: "watch" } });
      expect(world.cluster.routeVersions).toHaveLength(writes);
      world.workload(podTemplate(modelUri("a"), "server:2"));
      world.settle(500);
      expect(serving(world)).toEqual({ [blue]: 1, [green]: ALMOST_WHOLE });
      world.later(1.1 * HOUR);
      expect(world.status.history?.[0]).toMatchObject({ revision: green, outcome: "Promoted" });
    });
  });

  it("has the way back for as long as the watch: blue has kept its pods", () => {
    const world = running({ steps: [{ name: "preview", weight: 0 }], afterPromotion: { watch: "1h" } });
    const [blue, green] = [stableOf(world), candidateOf(world)];
    world.vote(wins);
    world.settle();
    expect(serving(world)).toEqual({ [blue]: 1, [green]: ALMOST_WHOLE });
    world.annotate({ "dpo.dev/rollback": green });
    world.pass();
    expect(serving(world)).toEqual({ [blue]: ALMOST_WHOLE, [green]: 1 });
    world.settle();
    expect(serving(world)).toEqual({ [blue]: WHOLE });
  });
});

describe("pause and resume", () => {
  it("keep weight and step for as long as they stand, and go on from there", () => {
    const world = running();
    const [candidate, before] = [candidateOf(world), serving(world)];
    world.annotate({ "dpo.dev/pause": candidate });
    world.vote(wins);
    world.later(100 * HOUR);
    expect(world.status).toMatchObject({ phase: "Paused", step: { name: "half" }, gates: [{ verdict: "Pass" }] });
    expect(serving(world)).toEqual(before);
    world.annotate({});
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
  });
});

describe("a restart", () => {
  const restartedAt = { "kubectl.kubernetes.io/restartedAt": "2026-01-02T00:00:00Z" };

  it("of the workload is another template: a run of stable's own model, which has to be not worse", () => {
    const world = idle();
    const [before, template] = [stableOf(world), podTemplate(modelUri("a"))];
    world.workload({ ...template, metadata: { ...template.metadata, annotations: restartedAt } });
    world.settle(30_000);
    expect(world.status.candidate?.digest).toBe(world.status.stable?.digest);
    world.vote(Array.from({ length: 400 }, (_, i) => (i % 2) as 0 | 1));
    world.settle();
    expect(world.status.phase).toBe("Promoted");
    expect(stableOf(world)).not.toBe(before);
  });

  it("of an arm's own Deployment is left to run its course, and is no run", () => {
    const world = idle();
    const arm = armOf(world, stableOf(world));
    if (arm?.spec === undefined) throw new Error("no arm");
    const { template } = arm.spec;
    const restarted = { ...template, metadata: { ...template.metadata, annotations: restartedAt } };
    world.cluster.put(world.cluster.deployments, { ...arm, spec: { ...arm.spec, template: restarted } });
    const writes = world.effects.length;
    world.settle();
    expect(world.effects).toHaveLength(writes);
    expect(armOf(world, stableOf(world))?.spec?.template).toEqual(restarted);
    expect([world.status.phase, ready(world)?.reason]).toEqual(["Idle", "Serving"]);
  });
});
