import { describe, expect, it } from "vitest";
import { WHOLE } from "../../../../src/traffic/slots.ts";
import { CANARY, canarySpec, NAMESPACE, WORKLOAD } from "../../../builders/canary.ts";
import { given, stories } from "../../../builders/canary-stories.ts";
import { CanaryWorld, type Crash } from "../../../builders/canary-world.ts";
import type { Story } from "../../../builders/story.ts";
import { ready } from "./scenario.ts";

function inMidRun(deletionPolicy: "Retain" | "Delete"): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ deletionPolicy }));
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

function left(world: CanaryWorld) {
  const names = (store: { list(): readonly { readonly metadata: { readonly name: string } }[] }) =>
    store.list().map(({ metadata }) => metadata.name);
  return {
    deployments: names(world.cluster.deployments),
    services: names(world.cluster.services),
    routes: names(world.cluster.routes),
  };
}

describe("deleting a canary in mid-run", () => {
  it("with Retain leaves stable and its route serving, and nothing of the operator's that would hold them", () => {
    const world = inMidRun("Retain");
    const arm = `${CANARY}-${world.status.stable?.revision}`;
    const records = world.cluster.records.list().length;
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    expect(left(world)).toEqual({ deployments: [WORKLOAD, arm], services: [arm], routes: [CANARY] });
    expect(world.slots?.map(({ weight }) => weight)).toEqual([WHOLE, 0]);
    expect(world.route?.spec.rules?.[0]?.filters).toEqual([]);
    expect(world.cluster.services.get({ namespace: NAMESPACE, name: arm })?.metadata.finalizers).toEqual([]);
    expect(world.cluster.records.list()).toHaveLength(records);
    expect(world.faults()).toEqual([]);
  });

  it("with Delete takes all of it, the route before what it names", () => {
    const world = inMidRun("Delete");
    world.deleteCanary();
    while (world.route !== undefined) {
      world.pass();
      expect(world.slots === undefined || world.cluster.services.list().length > 0).toBe(true);
      world.clock.pause(200);
    }
    world.settle();
    expect(world.isGone).toBe(true);
    expect(left(world)).toEqual({ deployments: [WORKLOAD], services: [], routes: [] });
    expect(world.cluster.records.list()).toEqual([]);
    expect(world.faults()).toEqual([]);
  });

  it("does not make a route again that is gone", () => {
    const world = inMidRun("Retain");
    world.deleteCanary();
    world.cluster.remove(world.cluster.routes, CANARY);
    const written = world.cluster.routeVersions.length;
    const arm = `${CANARY}-${world.status.stable?.revision}`;
    world.settle();
    expect(world.isGone).toBe(true);
    expect(world.cluster.routeVersions).toHaveLength(written);
    expect(left(world)).toEqual({ deployments: [WORKLOAD, arm], services: [arm], routes: [] });
  });

  it("leaves a route alone that is somebody else's", () => {
    const world = inMidRun("Delete");
    const { route } = world;
    if (route === undefined) throw new Error("no route");
    world.cluster.put(world.cluster.routes, { ...route, metadata: { ...route.metadata, labels: {}, annotations: {} } });
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    expect(left(world).routes).toEqual([CANARY]);
  });

  it("is over at once when nothing was ever served", () => {
    const world = new CanaryWorld();
    world.autoReady = false;
    world.workload();
    world.settle();
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    expect(left(world)).toEqual({ deployments: [WORKLOAD], services: [], routes: [] });
  });
});

/** One story for each state that a canary comes to rest in, where it is its own arms and route that serve. */
function storiesByState(): ReadonlyMap<string, Story> {
  const found = new Map<string, Story>();
  for (const story of stories.filter(({ spec = {} }) => !("serving" in spec) && !("traffic" in spec))) {
    const world = played(story);
    const reason = world.isGone ? undefined : ready(world)?.reason;
    if (reason !== undefined) found.set(`${world.status.phase} (${reason})`, story);
  }
  return found;
}

function played(story: Story): CanaryWorld {
  const world = given(story);
  story.happens(world);
  world.settle(30_000);
  return world;
}

describe.each([...storiesByState()])("deleting a canary that is %s", (_, story) => {
  function deleted(crashAt: Partial<Record<number, Crash>>): [CanaryWorld, number] {
    const world = played(story);
    // Without its route nothing can go: until then it waits, as after any write that is refused.
    world.refuses = () => false;
    world.deleteCanary();
    return [world, world.settle(60_000, crashAt)];
  }

  it("leaves stable serving and nothing else of its own, also when the operator dies before any write of it", () => {
    const { stable } = played(story).status;
    const [undisturbed, passes] = deleted({});
    const arms = stable === undefined ? [] : [`${CANARY}-${stable.revision}`];
    expect(undisturbed.isGone).toBe(true);
    expect(left(undisturbed).services).toEqual(arms);
    expect(undisturbed.cluster.services.list().flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
    const whole = undisturbed.slots?.find(({ weight }) => weight === WHOLE);
    expect(whole?.revision).toBe(undisturbed.slots && stable?.revision);
    for (let at = 0; at < passes; at++) {
      const [world] = deleted({ [at]: "BeforeEffect" });
      const ended = { at, isGone: world.isGone, left: left(world), slots: world.slots, faults: world.faults() };
      const { slots } = undisturbed;
      expect(ended).toEqual({ at, isGone: true, left: left(undisturbed), slots, faults: undisturbed.faults() });
    }
  });
});

describe("a canary made again after Retain", () => {
  it("takes over what serves, and remembers what was rejected", () => {
    const world = inMidRun("Retain");
    world.vote(Array<0>(60).fill(0));
    world.settle();
    const { stable } = world.status;
    world.deleteCanary();
    world.settle();
    world.createCanaryAgain();
    world.settle();
    expect(world.status).toMatchObject({ phase: "RolledBack", stable });
    expect(world.cluster.routeVersions.every((version) => version.metadata.name === CANARY)).toBe(true);
    expect(world.faults()).toEqual([]);
  });
});
