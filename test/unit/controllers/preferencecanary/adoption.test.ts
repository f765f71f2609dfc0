import { describe, expect, it } from "vitest";
import { ANNOTATION } from "../../../../src/api/v1alpha1/metadata.ts";
import type { HTTPRouteRule } from "../../../../src/kube/gateway-api.ts";
import { canarySpec } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { chat, ROUTE, routeOf, said, servers, serving, worldWith, writeGits } from "./adopted-scenario.ts";
import { ready } from "./scenario.ts";

describe("a route that is Git's", () => {
  it("leads to Git's Service until the first revision is ready, and all the way over to that", () => {
    const world = worldWith();
    world.autoReady = false;
    world.workload();
    world.settle(30_000);
    expect(servers(world)).toBe("Git's chat");
    expect(routeOf(world)?.metadata.annotations).toBeUndefined();
    world.cluster.readyAll();
    const seen: string[] = [];
    for (let passes = 0; passes < 60; passes++) {
      const { waitMs = 0 } = world.pass();
      if (servers(world) !== seen.at(-1)) seen.push(servers(world));
      world.clock.pause(waitMs);
    }
    const first = world.status.stable?.revision;
    expect(seen).toEqual([
      "original 1000000, original 0",
      `original 999999, ${first} 1`,
      `original 1, ${first} 999999`,
      `original 0, ${first} 1000000`,
      `${first} 0, ${first} 1000000`,
    ]);
    expect(said(world, "RouteRestored")).toEqual([]);
  });

  it("is given back when the canary goes, whichever pass the process dies at", () => {
    for (let death = 0; death < 30; death++) {
      for (const crash of ["BeforeEffect", "BeforeStatus"] as const) {
        const world = serving(worldWith([chat], undefined, { deletionPolicy: "Delete" }));
        world.deleteCanary();
        world.settle(120_000, { [death]: crash });
        expect(world.isGone).toBe(true);
        expect(routeOf(world)?.spec.rules).toEqual([chat]);
        expect(routeOf(world)?.metadata.annotations).toEqual({});
        expect([...world.cluster.dangling]).toEqual([]);
      }
    }
  });

  it("stays with stable as long as Git's Service does not answer, and an Event says what to do", () => {
    const world = serving();
    const { stable } = world.status;
    world.probing.setOriginal({ type: "Denied", words: "its Service (chat.chat.svc port 80) does not answer" });
    world.deleteCanary();
    world.later(300_000);
    expect(servers(world)).toContain(`${stable?.revision} 1000000`);
    expect(said(world, "RouteHeld")).toHaveLength(1);
    // Whoever looks at night finds one: the API server forgets an Event after an hour.
    world.later(30 * 60_000);
    expect(said(world, "RouteHeld")).toHaveLength(2);
    expect(said(world, "RouteHeld")[0]?.note).toMatch(
      /Git's Service chat is to have the requests of HTTPRoute storefront again, and does not answer \(its Service .*\): give it pods; or take the annotation dpo.dev\/adopted off/,
    );
    world.probing.setOriginal({ type: "Confirmed" });
    world.settle(120_000);
    expect(world.isGone).toBe(true);
    expect(servers(world)).toBe("Git's chat");
  });

  it("stays as it is where somebody takes the annotation off while the canary goes", () => {
    const world = serving();
    world.probing.setOriginal({ type: "Unanswered", words: "it says nothing" });
    world.deleteCanary();
    world.later(60_000);
    const { rules = [] } = routeOf(world)?.spec ?? {};
    writeGits(world, rules, {});
    world.settle();
    expect(world.isGone).toBe(true);
    expect(routeOf(world)?.spec.rules).toEqual(rules);
  });

  it("is let go at once where nothing was adopted yet", () => {
    const world = worldWith();
    world.autoReady = false;
    world.workload();
    world.settle(10_000);
    world.deleteCanary();
    world.settle(60_000);
    expect(world.isGone).toBe(true);
    expect(routeOf(world)?.spec.rules).toEqual([chat]);
  });

  it("is taken over anew, and that is told, when a replace has put everything back as Git has it", () => {
    const world = serving();
    const { stable } = world.status;
    writeGits(world, [chat], {});
    world.settle(60_000);
    expect(servers(world)).toContain(`${stable?.revision} 1000000`);
    expect(said(world, "RouteRestored")).toHaveLength(1);
  });

  it("gives back what Git says by now", () => {
    const world = serving();
    const renamed = { ...chat, backendRefs: [{ name: "chat-v2", port: 80, weight: 1 }] };
    writeGits(world, [renamed]);
    world.cluster.put(world.cluster.services, { metadata: { name: "chat-v2" } });
    world.settle(60_000);
    expect(servers(world)).toContain(`${world.status.stable?.revision} 1000000`);
    world.deleteCanary();
    world.settle(120_000);
    expect(routeOf(world)?.spec.rules).toEqual([renamed]);
  });

  it("keeps its arms where somebody has taken off the annotation, until Git says again what it has", () => {
    const world = serving();
    const { rules = [] } = routeOf(world)?.spec ?? {};
    writeGits(world, rules, {});
    world.settle(60_000);
    expect(routeOf(world)?.metadata.annotations?.[ANNOTATION.stable]).toBe(world.status.stable?.revision);
    world.deleteCanary();
    world.later(60_000);
    expect(said(world, "RouteHeld")[0]?.note).toMatch(/what Git had in HTTPRoute storefront is not known any more/);
    writeGits(world, [chat]);
    world.settle(120_000);
    expect(world.isGone).toBe(true);
    expect(routeOf(world)?.metadata.annotations).toEqual({});
  });
});

describe("a route that cannot be adopted", () => {
  const [ref] = chat.backendRefs ?? [];
  if (ref === undefined) throw new Error("no backend");
  const filter = {
    type: "RequestHeaderModifier",
    requestHeaderModifier: { set: [{ name: "authorization", value: "Bearer key" }] },
  } as const;

  it.each<[string, readonly HTTPRouteRule[], RegExp]>([
    ["of several rules", [chat, chat], /it has 2 rules: name the one that is meant, and say so in adopt.rule/],
    ["of no rule", [], /it has 0 rules/],
    [
      "with two backends",
      [{ ...chat, backendRefs: [ref, ref] }],
      /has 2 backendRefs, and exactly one can be taken over/,
    ],
    ["with none", [{ ...chat, backendRefs: [] }], /has 0 backendRefs/],
    [
      "of another kind",
      [{ ...chat, backendRefs: [{ ...ref, group: "x.io", kind: "InferencePool" }] }],
      /leads to an object of kind InferencePool, and only a Service/,
    ],
    [
      "that does something to the requests of its backend alone",
      [{ ...chat, backendRefs: [{ ...ref, filters: [filter] }] }],
      /its rule has a RequestHeaderModifier in its backendRef, .*: move it to the rule's filters/,
    ],
  ])("%s", (_, rules, words) => {
    const world = serving(worldWith(rules));
    expect(world.status.phase).toBe("Stalled");
    expect(ready(world)).toMatchObject({ reason: "RouteNotAdoptable", message: expect.stringMatching(words) });
    expect(routeOf(world)?.spec.rules).toEqual(rules);
  });

  it("since its rule has lost the name that Git gave it", () => {
    const world = worldWith([chat, chat], "chat");
    serving(world);
    expect(ready(world)?.message).toMatch(
      /it has no rule named chat: .* None of its rules has a name: .* from v1\.4 on/,
    );
    writeGits(world, [{ ...chat, name: "docs" }]);
    world.settle();
    expect(ready(world)?.message).toMatch(/it has no rule named chat: give the rule that name, .*adopt\.rule$/);
  });

  it("since it is another canary's", () => {
    const world = worldWith();
    writeGits(world, [chat], { [ANNOTATION.adopted]: JSON.stringify({ canary: "other", backendRefs: [] }) });
    serving(world);
    expect(ready(world)?.message).toBe("HTTPRoute storefront cannot be adopted: PreferenceCanary other has adopted it");
    world.deleteCanary();
    world.settle();
    expect(world.isGone).toBe(true);
    expect(routeOf(world)?.metadata.annotations).toHaveProperty([ANNOTATION.adopted]);
  });

  it("since it is not there", () => {
    const world = new CanaryWorld(canarySpec({ traffic: { httpRoute: { adopt: { name: ROUTE } } } }));
    serving(world);
    expect(ready(world)).toMatchObject({
      reason: "RouteNotFound",
      message: expect.stringContaining("There is no HTTPRoute storefront"),
    });
  });
});
