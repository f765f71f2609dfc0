import { describe, expect, it } from "vitest";
import { findRoute, readRoute } from "../../../../src/controllers/preferencecanary/observe-route.ts";
import type { HTTPRouteRule } from "../../../../src/kube/gateway-api.ts";
import { createSettling } from "../../../../src/traffic/settling.ts";
import { CANARY } from "../../../builders/canary.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import {
  cart,
  chat,
  halfWay,
  routeOf,
  rulesOf,
  said,
  servers,
  serving,
  worldWith,
  writeGits,
} from "./adopted-scenario.ts";
import { losses } from "./scenario.ts";

const named = { ...chat, name: "chat" };

/** What is left of the canary's: Deployments and Services. */
function left(world: CanaryWorld): string[] {
  const { deployments, services } = world.cluster;
  const names = [...deployments.list(), ...services.list()].map(({ metadata }) => metadata.name);
  return [...new Set(names)].filter((name) => /-([0-9a-f]{10}|sampler|judge)$/.test(name)).toSorted();
}

function revisions(world: CanaryWorld): { readonly stable: string; readonly candidate: string } {
  const { stable, candidate } = world.status;
  return { stable: stable?.revision ?? "", candidate: candidate?.revision ?? "" };
}

function deleted(world: CanaryWorld): CanaryWorld {
  world.deleteCanary();
  world.later(300_000);
  return world;
}

describe("Git's Service that is named as an arm is", () => {
  it.each(["v1", "0123456789"])("with the suffix %s is gone over from, and back to, as any other", (suffix) => {
    const gits = { ...chat, backendRefs: [{ name: `${CANARY}-${suffix}`, port: 80, weight: 1 }] };
    const world = worldWith([gits]);
    world.cluster.put(world.cluster.services, { metadata: { name: `${CANARY}-${suffix}` } });
    const seen: string[] = [];
    const note = () => servers(world) !== seen.at(-1) && seen.push(servers(world));
    world.workload();
    for (let passes = 0; passes < 80; passes++) {
      world.cluster.readyAll();
      const { waitMs = 0 } = world.pass();
      note();
      world.clock.pause(waitMs);
    }
    const { stable } = revisions(world);
    expect(seen).toContain(`original 999999, ${stable} 1`);
    expect(seen.at(-1)).toBe(`${stable} 0, ${stable} 1000000`);
    deleted(world);
    expect(world.isGone).toBe(true);
    expect(rulesOf(world)).toEqual([gits]);
  });

  it("is told from the arm of that very name", () => {
    const { stable } = revisions(serving());
    const gits = { ...chat, backendRefs: [{ name: `${CANARY}-${stable}`, port: 80, weight: 1 }] };
    const world = serving(worldWith([gits]));
    expect(servers(world)).toBe(`${stable} 0, ${stable} 1000000`);
    deleted(world);
    expect(world.isGone).toBe(true);
    expect(rulesOf(world)).toEqual([gits]);
    expect(left(world)).toEqual([`${CANARY}-${stable}`]);
    expect([...world.cluster.dangling]).toEqual([]);
  });
});

describe("the rule that was adopted", () => {
  it.each<[string, string | undefined, (rule: HTTPRouteRule) => readonly HTTPRouteRule[]]>([
    ["has got another one beside it", undefined, (rule) => [cart, rule]],
    ["is called otherwise", "chat", (rule) => [cart, { ...rule, name: "assistant" }]],
  ])(
    "is known by what it leads to where it %s: a candidate that fails is taken out, and Git gets it back",
    (...args) => {
      const [, name, change] = args;
      const world = halfWay(worldWith([name === undefined ? chat : named], name));
      const { stable } = revisions(world);
      expect(servers(world, name)).toContain("500000");
      writeGits(world, rulesOf(world).flatMap(change));
      world.vote(losses);
      world.settle();
      expect(world.status.phase).toBe("RolledBack");
      expect(servers(world, name)).toContain(`${stable} 1000000`);
      deleted(world);
      expect(world.isGone).toBe(true);
      expect(rulesOf(world).map(({ backendRefs }) => backendRefs)).toEqual([cart.backendRefs, chat.backendRefs]);
      expect([...world.cluster.dangling]).toEqual([]);
    },
  );

  it("is not let go while it cannot be told which it is, and nothing goes that the route names", () => {
    const world = halfWay();
    const { stable, candidate } = revisions(world);
    const before = left(world);
    writeGits(world, [...rulesOf(world), ...rulesOf(world)]);
    deleted(world);
    expect(world.isGone).toBe(false);
    expect(left(world)).toEqual(before);
    expect(before).toEqual([stable, candidate, "sampler"].map((name) => `${CANARY}-${name}`).toSorted());
    expect(said(world, "RouteHeld").map(({ note }) => note)).toEqual([
      expect.stringMatching(
        /HTTPRoute storefront still leads to assistant-\w+, and its rule is not found any more: it has 2 rules: .* or take the annotation dpo.dev\/adopted off/,
      ),
    ]);
    writeGits(world, [chat, cart]);
    world.later(60_000);
    expect(world.isGone).toBe(true);
    expect(left(world)).toEqual([]);
    expect([...world.cluster.dangling]).toEqual([]);
  });
});

it("a rule that Git makes one that cannot be adopted is written back, and status says so for an hour, and why", () => {
  const world = halfWay();
  const sorted = () => servers(world).split(", ").toSorted();
  const before = sorted();
  const contested = () => world.status.conditions?.find(({ type }) => type === "RouteContested");
  expect(contested()).toBeUndefined();
  const [ref = { name: "chat" }] = chat.backendRefs ?? [];
  writeGits(world, [{ ...chat, backendRefs: [ref, { ...ref, name: "chat-v2" }] }]);
  world.later(60_000);
  expect(sorted()).toEqual(before);
  expect(contested()).toMatchObject({
    status: "True",
    message: expect.stringMatching(
      /^At 2026-\S+Z: Somebody else had changed HTTPRoute storefront \(chat at 1, chat-v2 at 1 for every host name, which the canary cannot take over: the rule has 2 backendRefs, and exactly one can be taken over: that of the Service that serves now\): it is written back, since the canary alone moves traffic$/,
    ),
  });
  world.later(3_000_000);
  writeGits(world, [{ ...chat, backendRefs: [ref, { ...ref, name: "chat-v3" }] }]);
  world.later(900_000);
  expect(contested()).toMatchObject({ status: "True", message: expect.stringContaining("chat-v3") });
  world.later(3_000_000);
  expect(contested()).toMatchObject({ status: "False" });
  deleted(world);
  expect(rulesOf(world)).toEqual([chat]);
});

it("that Git's write was undone is known to the next process too, and nothing of that is left on the route in the end", () => {
  const world = halfWay();
  const [ref = { name: "chat" }] = chat.backendRefs ?? [];
  writeGits(world, [{ ...chat, backendRefs: [ref, { ...ref, name: "chat-v2" }] }]);
  world.pass("BeforeStatus");
  world.restart();
  world.settle(10_000);
  const contested = world.status.conditions?.find(({ type }) => type === "RouteContested");
  expect(contested).toMatchObject({ status: "True", message: expect.stringContaining("chat-v2") });
  deleted(world);
  expect(rulesOf(world)).toEqual([chat]);
  expect(JSON.stringify(world.cluster.routes.list())).not.toContain("dpo.dev/contested");
});

it("nothing is said to be written back into a route whose rule is gone", () => {
  const world = halfWay(worldWith([{ ...chat, name: "chat" }], "chat"));
  writeGits(world, [
    { ...chat, name: "chat2" },
    { ...cart, name: "other" },
  ]);
  world.later(60_000);
  expect(world.status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({ reason: "RouteNotAdoptable" });
  expect(world.status.conditions?.find(({ type }) => type === "RouteContested")).toBeUndefined();
});

describe("a process that was long away", () => {
  it("does not write what it had decided on into a route that was given back since", () => {
    const world = halfWay();
    world.vote(losses);
    const { effect } = world.pass("BeforeEffect");
    expect(effect).toMatchObject({ type: "WriteRoute", isConditional: false });
    deleted(world);
    expect(() => effect && world.cluster.apply(effect)).toThrow("422: test of /metadata/annotations/dpo.dev~1adopted");
    expect(rulesOf(world)).toEqual([chat]);
  });
});

describe.each(["Retain", "Delete"] as const)(
  "with deletionPolicy %s, of a canary that had adopted a route",
  (deletionPolicy) => {
    const world = () => halfWay(worldWith([chat], undefined, { deletionPolicy }));

    it("nothing is left once Git has the requests again", () => {
      const given = deleted(world());
      expect(given.isGone).toBe(true);
      expect(left(given)).toEqual([]);
      expect(rulesOf(given)).toEqual([chat]);
    });

    it("what the route names is left where somebody took the annotation off, and nothing holds it", () => {
      const kept = world();
      const { stable, candidate } = revisions(kept);
      const rules = rulesOf(kept);
      writeGits(kept, rules, {});
      deleted(kept);
      expect(kept.isGone).toBe(true);
      expect(rulesOf(kept)).toEqual(rules);
      expect(routeOf(kept)?.metadata.annotations).toEqual({});
      expect(left(kept)).toEqual([stable, candidate, "sampler"].map((name) => `${CANARY}-${name}`).toSorted());
      expect(kept.cluster.services.list().flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
      expect([...kept.cluster.dangling]).toEqual([]);
    });

    it("what it does not name goes, in the same case", () => {
      const held = world();
      const { stable } = revisions(held);
      held.probing.setOriginal({ type: "Denied", words: "no" });
      deleted(held);
      writeGits(held, rulesOf(held), {});
      held.later(60_000);
      expect(held.isGone).toBe(true);
      expect(left(held)).toEqual([`${CANARY}-${stable}`]);
    });
  },
);

it("a route that two canaries name settles for each, whatever the other reads in it", () => {
  const world = halfWay();
  const object = routeOf(world);
  if (object === undefined) throw new Error("there is no route");
  const one = world.canary;
  const other = { ...one, metadata: { ...one.metadata, name: "other" } };
  const settling = createSettling(world.clock);
  const unchangedMs = (canary: typeof one) => {
    const found = findRoute(canary, object, []);
    return found && readRoute(canary, found, {}, settling).unchangedMs;
  };
  for (const canary of [one, other]) expect(unchangedMs(canary)).toBe(0);
  world.clock.pause(5_000);
  for (const canary of [one, other]) expect(unchangedMs(canary)).toBe(5_000);
});
