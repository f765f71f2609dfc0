import { describe, expect, it } from "vitest";
import { WHOLE } from "../../../../src/traffic/slots.ts";
import { CANARY, canarySpec, NAMESPACE } from "../../../builders/canary.ts";
import { given, stories } from "../../../builders/canary-stories.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

const wins = Array<1>(60).fill(1);
const losses = Array<0>(60).fill(0);
const CONFIRMED = { type: "Confirmed" } as const;
const BEHIND = { type: "Denied", words: "Gateway chat/public still answers with the weights before" } as const;

const steps = [
  { name: "tenth", weight: 10, minDuration: "10s" },
  { name: "half", weight: 50, minDuration: "10s" },
];

/** Idle, and a candidate is about to enter, behind a gateway that can be asked. */
function atTheDoor(spec: Readonly<Record<string, unknown>> = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ steps, ...spec }));
  world.probing.setGateway(CONFIRMED);
  world.workload();
  world.settle();
  world.later(2_000);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  return world;
}

/** In its first step, with a gateway that has shown its weight. */
function inTenth(spec: Readonly<Record<string, unknown>> = {}): CanaryWorld {
  const world = atTheDoor(spec);
  world.settle(5_000);
  expect(world.status).toMatchObject({ step: { name: "tenth" }, weights: { desired: 10, verified: 10 } });
  return world;
}

function shares(world: CanaryWorld): number[] {
  return (world.slots ?? []).map(({ weight }) => weight);
}

function message(world: CanaryWorld): string {
  return world.status.conditions?.find(({ type }) => type === "Ready")?.message ?? "";
}

function armOf(world: CanaryWorld): string {
  return `${CANARY}-${world.status.candidate?.revision ?? world.status.lastRun?.revision}`;
}

describe("a stored weight", () => {
  it("is not a live one: the step's clock starts when answers show it", () => {
    const world = inTenth();
    world.probing.setGateway(BEHIND);
    world.settle(60_000);
    expect(shares(world)).toContain(500_000);
    expect(world.status).toMatchObject({ step: { name: "half" }, weights: { desired: 50, verified: 10 } });
    expect(world.status.weights).not.toHaveProperty("since");
    expect(message(world)).toContain(
      `entering step half (50%), 2 of 2, and waits until its weight is live (${BEHIND.words})`,
    );
    world.clock.pause(3_600_000);
    world.vote(wins);
    world.settle(0);
    expect(world.status).toMatchObject({ phase: "Progressing", gates: [{ verdict: "Pass" }] });

    world.probing.setGateway(CONFIRMED);
    world.settle(0);
    expect(world.status.weights).toEqual({ desired: 50, verified: 50, since: world.clock.now().toISOString() });
    world.settle(9_999);
    expect(world.status.phase).toBe("Progressing");
    world.settle(60_000);
    expect(world.status.phase).toBe("Promoted");
    expect(world.faults()).toEqual([]);
  });

  it("does not let a candidate in while the gateway does not show what stands before it", () => {
    const world = atTheDoor();
    world.probing.setGateway(BEHIND);
    world.settle(60_000);
    expect(Math.min(...shares(world))).toBe(1);
    expect(world.status.weights).toEqual({ desired: 10, verified: 0 });
    world.probing.setGateway(CONFIRMED);
    world.settle(5_000);
    expect(shares(world)).toContain(100_000);
  });

  it("starts no clock of gates about users before it is live", () => {
    const evidence = { comparisons: { dataset: { name: "support" } }, ratings: {} };
    const rated = { evidence, gates: { winRate: {}, compliance: {} }, onNoData: { after: "240h" } };
    const world = atTheDoor({ ...rated, steps: steps.slice(1) });
    world.settle(500);
    expect(Math.min(...shares(world))).toBe(1);
    world.probing.setGateway(BEHIND);
    world.settle(1_500);
    world.later(7_200_000);
    expect(world.status.candidate).not.toHaveProperty("served");
    world.probing.setGateway(CONFIRMED);
    world.settle(2_000);
    expect(shares(world)).toContain(500_000);
    expect(world.status.candidate?.served).toBe(world.status.weights?.since);
  });

  it("counts as live a second after it is stored where nobody can be asked, and status says so", () => {
    const world = atTheDoor();
    const words = "Gateway chat/public has no address";
    world.probing.setGateway({ type: "Unanswered", words });
    world.settle(3_000);
    const { since = "", ...weights } = world.status.weights ?? {};
    expect(weights).toEqual({ desired: 10 });
    expect(Date.parse(since)).toBeLessThanOrEqual(world.clock.now().getTime());
    expect(message(world)).toContain(
      `. A weight counts as live 1 s after it is stored, as nobody can be asked: ${words}`,
    );
    world.settle(60_000);
    expect(world.status).toMatchObject({ step: { name: "half" } });
    expect(world.status.weights).not.toHaveProperty("verified");
  });

  it("keeps the time of its step over a restart, while the gateway is asked anew", () => {
    const world = inTenth();
    const { weights } = world.status;
    world.restart();
    world.probing.setGateway(undefined);
    world.settle(0);
    expect(world.status.weights).toEqual(weights);
  });
});

describe("what a gateway that is behind cannot hold up", () => {
  it("is a rollback", () => {
    const world = inTenth();
    world.probing.setGateway(BEHIND);
    world.vote(losses);
    world.pass();
    expect(Math.min(...shares(world))).toBe(1);
    world.settle(200);
    expect(shares(world).toSorted()).toEqual([0, WHOLE]);
  });

  it("is a rollback by order, in a step whose weight is not live yet", () => {
    const world = inTenth();
    world.probing.setGateway(BEHIND);
    world.settle(60_000);
    expect(shares(world)).toContain(500_000);
    world.annotate({ "dpo.dev/rollback": world.status.candidate?.revision ?? "" });
    world.pass();
    expect(Math.min(...shares(world))).toBe(1);
  });

  it("is a deletion, for longer than a minute", () => {
    const world = inTenth();
    world.probing.setGateway(BEHIND);
    const arm = armOf(world);
    world.deleteCanary();
    world.settle(50_000);
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name: arm })).toBeDefined();
    world.settle(200_000);
    expect(world.isGone).toBe(true);
  });
});

describe("pods that a gateway may still send requests to", () => {
  it("stay until answers show that it does not", () => {
    const world = inTenth();
    const arm = armOf(world);
    world.vote(losses);
    world.pass();
    world.settle(200);
    world.probing.setGateway(BEHIND);
    world.later(3_600_000);
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name: arm })).toBeDefined();
    expect(message(world)).toContain(`Its pods stay while requests may still be sent to them: ${BEHIND.words}`);
    world.probing.setGateway(CONFIRMED);
    world.settle(10_000);
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name: arm })).toBeUndefined();
    expect(world.status.phase).toBe("RolledBack");
  });
});

describe("a route that a Gateway does not serve", () => {
  it("holds a candidate in its step, and keeps no order from taking it back", () => {
    const world = inTenth();
    const { route } = world;
    if (route === undefined) throw new Error("no route");
    const refused = {
      type: "ResolvedRefs",
      status: "False",
      reason: "RefNotPermitted",
      message: "no ReferenceGrant",
    } as const;
    const parents = (route.spec.parentRefs ?? []).map((parentRef) => {
      return { parentRef, controllerName: "test/gateway", conditions: [refused] };
    });
    world.cluster.put(world.cluster.routes, { ...route, status: { parents } });
    world.later(60_000);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "tenth" } });
    const ready = world.status.conditions?.find(({ type }) => type === "Ready");
    expect(ready?.reason).toBe("RouteNotServed");
    expect(ready?.message).toContain("no ReferenceGrant (RefNotPermitted)");
    world.annotate({ "dpo.dev/rollback": world.status.candidate?.revision ?? "" });
    world.pass();
    expect(Math.min(...shares(world))).toBe(1);
  });
});

describe.each(stories.map((story) => [story.event, story] as const))("with a gateway that is asked, %s", (_, story) => {
  it("ends as it does without", () => {
    const [asked, unasked] = [given(story), given(story)];
    asked.probing.setGateway(CONFIRMED);
    for (const world of [asked, unasked]) {
      story.happens(world);
      world.settle(60_000);
    }
    const end = ({ isGone, status: { phase, step, lastRun }, slots }: CanaryWorld) => {
      return { isGone, phase, step, outcome: lastRun?.outcome, weights: slots?.map(({ weight }) => weight).toSorted() };
    };
    expect(end(asked)).toEqual(end(unasked));
    expect(asked.faults()).toEqual(unasked.faults());
  });
});
