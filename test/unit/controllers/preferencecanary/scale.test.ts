import { describe, expect, it } from "vitest";
import { findCondition } from "../../../../src/runtime/conditions.ts";
import { percentOf, weightIn } from "../../../../src/traffic/slots.ts";
import { CANARY, canarySpec, digest, modelUri, WORKLOAD } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

type Json = Readonly<Record<string, unknown>>;

const MINUTE = 60_000;
const wins = Array<1>(60).fill(1);

/** 5% of the requests go to the sampler, which asks both arms. */
function started(changes: Json = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ replicas: 2, ...changes }));
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  return world;
}

function inLastStep(changes: Json = {}): CanaryWorld {
  const world = started(changes);
  world.settle(30_000);
  return world;
}

function revisions({ status: { stable, candidate } }: CanaryWorld): readonly [string, string] {
  return [stable?.revision ?? "", candidate?.revision ?? ""];
}

function pods(world: CanaryWorld, revision: string): number | undefined {
  return world.cluster.deployments.list().find(({ metadata }) => metadata.name === `${CANARY}-${revision}`)?.spec
    ?.replicas;
}

/** Percent of everybody's requests. */
function weight(world: CanaryWorld, revision: string): number {
  return world.slots === undefined ? 0 : percentOf(weightIn(world.slots, revision));
}

function message(world: CanaryWorld): string | undefined {
  return findCondition(world.status.conditions, "Ready")?.message;
}

/** What was written of the candidate, in its order: "3 pods", "10%". */
function written(world: CanaryWorld, candidate: string): readonly string[] {
  const told = world.effects.flatMap((effect) => {
    if (effect.type === "WriteRoute") return `${percentOf(weightIn(effect.intent.slots, candidate))}%`;
    const isIts = effect.type === "ApplyDeployment" && effect.object.metadata.name === `${CANARY}-${candidate}`;
    return isIts ? `${effect.object.spec?.replicas} pods` : [];
  });
  return told.filter((what, index) => what !== told[index - 1]);
}

const steps = [
  { name: "shadow", weight: 0 },
  { name: "tenth", weight: 10, minDuration: "10s" },
  { name: "half", weight: 50, minDuration: "10s" },
];

function order(world: CanaryWorld, verb: string): void {
  world.annotate({ [`dpo.dev/${verb}`]: revisions(world)[1] });
}

describe("the pods of a candidate", () => {
  it("are what its weight and the sampler need before it gets the weight, and all of them before it gets everything", () => {
    const world = started({ steps, replicas: 10 });
    world.settle();
    const [stable, candidate] = revisions(world);
    expect([pods(world, stable), pods(world, candidate), weight(world, candidate)]).toEqual([10, 6, 50]);
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
    const way = ["0%", "1 pods", "2 pods", "0%", "10%", "6 pods", "50%", "10 pods", "100%", "10 pods", "100%"];
    expect(written(world, candidate)).toEqual(way);
    expect(world.faults()).toEqual([]);
  });

  it("are minCandidateReplicas at least, and never more than replicas", () => {
    const world = started({ steps, replicas: 4, minCandidateReplicas: 3 });
    world.settle(0);
    expect(pods(world, revisions(world)[1])).toBe(3);
    const whole = started({ steps, replicas: 4, minCandidateReplicas: 100 });
    whole.settle(0);
    expect(pods(whole, revisions(whole)[1])).toBe(4);
  });

  it("come when nothing else is waited for, and the step when they are there", () => {
    const approved = [{ name: "tenth", weight: 10, approval: "Required" }, steps[2]];
    const world = started({ steps: approved, replicas: 10 });
    world.settle();
    const [, candidate] = revisions(world);
    expect(world.status).toMatchObject({ phase: "AwaitingApproval" });
    expect(pods(world, candidate)).toBe(2);
    world.autoReady = false;
    world.annotate({ "dpo.dev/approve": `${candidate}/tenth` });
    world.settle();
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([6, 10]);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "tenth" } });
    expect(findCondition(world.status.conditions, "Ready")?.reason).toBe("ScalingUp");
    expect(message(world)).toContain("waits for 6 pods to be ready before step half: 2 of 6 pods are ready");
    world.cluster.setReady(`${CANARY}-${candidate}`, 5);
    world.settle();
    expect(weight(world, candidate)).toBe(10);
    world.cluster.setReady(`${CANARY}-${candidate}`, 6);
    world.settle();
    expect(world.status).toMatchObject({ step: { name: "half" } });
    expect(weight(world, candidate)).toBe(50);
  });

  it("stay when what it waits for comes and goes, and so does its weight when some of them are lost", () => {
    const world = started({ steps, replicas: 10 });
    world.settle();
    const [, candidate] = revisions(world);
    world.autoReady = false;
    world.vote(wins);
    world.settle();
    expect(pods(world, candidate)).toBe(10);
    world.cluster.setReady(`${CANARY}-${candidate}`, 1);
    order(world, "pause");
    world.settle();
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([10, 50]);
  });

  describe("that do not come", () => {
    const LONG = { onNoData: { after: "48h" } };
    const hurried = { deadline: "30m", serving: { workloadRef: { name: WORKLOAD }, readyWithin: "20m" } };
    const stuck = (changes: Json = {}) => {
      const world = started({ steps, replicas: 10, ...LONG, ...changes });
      world.settle();
      world.autoReady = false;
      return world;
    };
    const over = (world: CanaryWorld) => {
      world.autoReady = true;
      world.later(MINUTE);
    };

    it("end the run as Failed after serving.readyWithin, and its model is not rejected", () => {
      const world = stuck();
      const [stable, candidate] = revisions(world);
      world.vote(wins);
      world.later(9 * MINUTE);
      expect(findCondition(world.status.conditions, "Ready")?.reason).toBe("ScalingUp");
      world.later(2 * MINUTE);
      over(world);
      expect(world.status).toMatchObject({
        phase: "Stalled",
        stable: { revision: stable },
        lastRun: { revision: candidate, outcome: "Failed", message: expect.stringMatching(/^6 of 10 pods .* for 10m/) },
      });
    });

    it("are waited for anew from each that has come", () => {
      const world = stuck();
      const [, candidate] = revisions(world);
      world.vote(wins);
      world.later(9 * MINUTE);
      world.cluster.setReady(`${CANARY}-${candidate}`, 9);
      world.later(9 * MINUTE);
      expect(world.status).toMatchObject({ candidate: { revision: candidate }, phase: "Progressing" });
      world.cluster.setReady(`${CANARY}-${candidate}`, 10);
      over(world);
      expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
    });

    it("do not make a model that has passed inconclusive: the deadline is none of theirs", () => {
      const world = stuck(hurried);
      const [, candidate] = revisions(world);
      world.later(25 * MINUTE);
      world.vote(wins);
      world.later(10 * MINUTE);
      expect(world.status).toMatchObject({ candidate: { revision: candidate }, phase: "Progressing" });
      world.cluster.setReady(`${CANARY}-${candidate}`, 10);
      over(world);
      expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
    });

    it("are no want where one is away for a moment, nor while somebody pauses, or a window is closed", () => {
      const windows = [{ schedule: "0 9 * * *", duration: "1h" }];
      const world = started({ steps, replicas: 10, windows, ...LONG });
      world.settle();
      world.vote(wins);
      world.settle();
      const [, candidate] = revisions(world);
      expect(pods(world, candidate)).toBe(10);
      world.autoReady = false;
      world.cluster.setReady(`${CANARY}-${candidate}`, 9);
      world.later(3 * 60 * MINUTE);
      expect(world.status).toMatchObject({ candidate: { revision: candidate }, phase: "Progressing" });
      expect(findCondition(world.status.conditions, "Ready")?.reason).toBe("WindowClosed");
      order(world, "pause");
      world.later(60 * MINUTE);
      world.annotate({});
      order(world, "promote");
      world.pass();
      world.pass();
      expect(world.status).toMatchObject({ candidate: { revision: candidate }, phase: "Promoting" });
      world.cluster.setReady(`${CANARY}-${candidate}`, 10);
      over(world);
      expect(world.status).toMatchObject({ phase: "Promoted", stable: { revision: candidate } });
    });

    it("end a run also where it was given all of them from the start", () => {
      const world = started({ steps, replicas: 10, minCandidateReplicas: 10, ...LONG });
      world.settle();
      const [, candidate] = revisions(world);
      world.autoReady = false;
      world.cluster.setReady(`${CANARY}-${candidate}`, 9);
      world.vote(wins);
      world.later(9 * MINUTE);
      expect(world.status).toMatchObject({ candidate: { revision: candidate } });
      world.later(2 * MINUTE);
      over(world);
      expect(world.status.lastRun).toMatchObject({ revision: candidate, outcome: "Failed" });
    });

    it("do not let a deadline overrule an order to promote, which ends as Failed too", () => {
      const world = stuck(hurried);
      const [, candidate] = revisions(world);
      world.later(25 * MINUTE);
      order(world, "promote");
      world.later(15 * MINUTE);
      expect(world.status).toMatchObject({ candidate: { revision: candidate }, phase: "Promoting" });
      world.later(10 * MINUTE);
      over(world);
      expect(world.status.lastRun).toMatchObject({ revision: candidate, outcome: "Failed" });
    });
  });

  it("are all there before an order to promote gives it everything, and a rollback waits for none", () => {
    const world = started({ steps, replicas: 10 });
    world.settle(0);
    const [, candidate] = revisions(world);
    expect(pods(world, candidate)).toBe(1);
    world.autoReady = false;
    order(world, "promote");
    world.settle();
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([10, 0]);
    expect(world.status.phase).toBe("Promoting");
    expect(message(world)).toContain("the whole weight once all its pods are ready: 1 of 10 pods are ready");
    order(world, "rollback");
    world.autoReady = true;
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack" });
    expect(pods(world, candidate)).toBeUndefined();
  });

  it("are given before the weight, where Git gives the step more or the canary more pods in mid-step", () => {
    const world = started({ steps: [{ name: "tenth", weight: 10, minDuration: "1h" }], replicas: 10 });
    world.settle();
    const [, candidate] = revisions(world);
    world.autoReady = false;
    world.edit({ replicas: 40 });
    world.settle();
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([6, 10]);
    world.edit({ steps: [{ name: "tenth", weight: 20, minDuration: "1h", approval: "None" }] });
    world.settle();
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([10, 10]);
    expect(message(world)).toContain("waits for 10 pods to be ready, and until its weight is live");
    world.autoReady = true;
    world.cluster.readyAll();
    world.settle();
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([10, 20]);
  });

  it("hold up no end of a watch: it has everything already, whoever else is asked for", () => {
    const httpRoute = { parentRefs: [{ name: "public" }], testers: {} };
    const watched = { afterPromotion: { watch: "1h" }, onNoData: { after: "48h" }, traffic: { httpRoute } };
    const world = started({ steps, replicas: 10, ...watched });
    world.settle();
    const [, candidate] = revisions(world);
    world.vote(wins);
    world.settle();
    expect(world.status.step?.name).toBe("watch");
    world.autoReady = false;
    world.cluster.setReady(`${CANARY}-${candidate}`, 9);
    world.later(70 * MINUTE);
    expect(world.route?.metadata.annotations).toMatchObject({ "dpo.dev/stable": candidate });
  });

  it("are there before a window opens in which it is promoted", () => {
    // The world begins on 2026-01-01T00:00:00Z.
    const windows = [{ schedule: "0 9 * * *", duration: "1h" }];
    const world = started({ steps, replicas: 10, windows, onNoData: { after: "48h" } });
    world.settle();
    world.vote(wins);
    world.settle();
    const [, candidate] = revisions(world);
    expect(findCondition(world.status.conditions, "Ready")?.reason).toBe("WindowClosed");
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([10, 50]);
  });

  it("are those of its first step when it was chosen from several, which need those of a shadow step", () => {
    const model = (digit: string) => ({ name: `model-${digit}`, uri: modelUri(digit), digest: digest(digit) });
    const world = new CanaryWorld(
      canarySpec({
        steps: steps.slice(1),
        replicas: 10,
        model: { candidates: [model("b"), model("c")] },
        selection: {},
      }),
    );
    world.workload();
    world.settle();
    const contenders = world.status.contenders?.map(({ revision }) => revision) ?? [];
    expect(contenders.map((revision) => pods(world, revision))).toEqual([1, 1]);
    world.voteFor("model-b", wins);
    world.settle(5_000);
    const [, candidate] = revisions(world);
    expect(contenders).toContain(candidate);
    expect([pods(world, candidate), weight(world, candidate)]).toEqual([2, 10]);
    expect(world.faults()).toEqual([]);
  });
});

describe("scaling a canary", () => {
  it("24 scales stable, and a candidate by its weight, starts no run and moves no traffic, also while a run is paused", () => {
    const world = inLastStep();
    const [stable, candidate] = revisions(world);
    order(world, "pause");
    world.settle();
    const writes = world.cluster.routeVersions.length;
    for (const [replicas, ofCandidate] of [
      [8, 5],
      [4, 4],
      [6, 4],
    ] as const) {
      world.edit({ replicas });
      world.settle();
      expect([stable, candidate].map((arm) => pods(world, arm))).toEqual([replicas, ofCandidate]);
      expect(world.status).toMatchObject({ phase: "Paused", replicas, candidate: { revision: candidate } });
    }
    expect(world.cluster.routeVersions).toHaveLength(writes);
  });

  it("is by the pods of whoever serves users, so that stable could serve all of them", () => {
    const world = started({ steps, replicas: 4, afterPromotion: { watch: "1h" }, onNoData: { after: "48h" } });
    world.settle(0);
    const [stable, candidate] = revisions(world);
    const alone = (revision: string) => `dpo.dev/canary=assistant,dpo.dev/revision=${revision}`;
    const both = `dpo.dev/canary=assistant,dpo.dev/revision in (${stable},${candidate})`;
    expect(world.status).toMatchObject({ step: { name: "shadow" }, replicas: 4, selector: alone(stable) });
    world.settle();
    expect(world.status).toMatchObject({ step: { name: "half" }, replicas: 4, selector: both });
    world.vote(wins);
    world.settle();
    expect(world.status).toMatchObject({ step: { name: "watch" }, replicas: 4, selector: alone(candidate) });
    world.later(3_700_000);
    expect(world.status).toMatchObject({ phase: "Promoted", replicas: 4, selector: alone(candidate) });
  });

  it("goes back to stable's pods alone when a candidate is taken back", () => {
    const world = inLastStep();
    const [stable] = revisions(world);
    order(world, "rollback");
    world.settle();
    expect(world.status.selector).toBe(`dpo.dev/canary=assistant,dpo.dev/revision=${stable}`);
  });
});
