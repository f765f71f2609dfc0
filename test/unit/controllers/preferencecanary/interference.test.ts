import { describe, expect, it } from "vitest";
import type { EventNote } from "../../../../src/kube/events.ts";
import type { HTTPRouteRule } from "../../../../src/kube/gateway-api.ts";
import { findCondition } from "../../../../src/runtime/conditions.ts";
import { stableAlone, WHOLE } from "../../../../src/traffic/slots.ts";
import { CANARY, NAMESPACE } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { routeFaults } from "../../../builders/route-oracle.ts";

function inMidRun(): CanaryWorld {
  const world = new CanaryWorld();
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

function mirrors(world: CanaryWorld): boolean {
  return (world.route?.spec.rules?.[0]?.filters ?? []).length > 0;
}

describe("what people and clusters do to a canary's objects", () => {
  it("the sampler's Service is deleted: the mirror goes first, then the Service, then both come back", () => {
    const world = inMidRun();
    const name = world.samplerName;
    const before = world.cluster.services.get({ namespace: NAMESPACE, name })?.metadata.uid;
    expect(mirrors(world)).toBe(true);
    world.cluster.remove(world.cluster.services, name);
    world.pass();
    expect(mirrors(world)).toBe(false);
    expect(world.cluster.services.get({ namespace: NAMESPACE, name })?.metadata.uid).toBe(before);
    world.settle(10_000);
    expect(world.cluster.services.get({ namespace: NAMESPACE, name })?.metadata.uid).not.toBe(before);
    expect(mirrors(world)).toBe(true);
    expect(world.faults()).toEqual([]);
  });

  it("the sampler is not rolled out yet: it may still ask the rejected candidate, which stays until it is", () => {
    const world = inMidRun();
    const name = `${CANARY}-${world.status.candidate?.revision}`;
    world.autoReady = false;
    world.vote(Array<0>(60).fill(0));
    world.settle();
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name })).toBeDefined();
    world.cluster.setReady(world.samplerName);
    world.settle();
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name })).toBeUndefined();
  });

  it("the sampler has no pod: nothing is mirrored to it", () => {
    const world = inMidRun();
    world.autoReady = false;
    world.cluster.setReady(world.samplerName, 0);
    world.settle(10_000);
    expect(mirrors(world)).toBe(false);
  });

  it("the route is deleted: stable gets it back at once, the candidate comes in again from the bottom", () => {
    const world = inMidRun();
    const { stable, candidate } = world.status;
    world.cluster.remove(world.cluster.routes, CANARY);
    const from = world.cluster.routeVersions.length;
    world.pass();
    expect(world.slots).toEqual(stableAlone(stable?.revision ?? ""));
    world.settle(30_000);
    expect(world.slots?.map(({ weight }) => weight)).toEqual([500_000, 500_000]);
    expect(world.status.candidate).toEqual(candidate);
    expect(routeFaults(world.cluster.routeVersions.slice(from), CANARY)).toEqual([]);
  });

  it("routes may not be listed any more when the canary is deleted: what one may name stays", () => {
    const world = inMidRun();
    const arms = () =>
      world.cluster.services
        .list()
        .map(({ metadata }) => metadata.name)
        .toSorted();
    const before = arms();
    world.knowsRoutes = false;
    world.isForbiddenRoutes = true;
    world.deleteCanary();
    world.later(60_000);
    expect([arms(), world.isGone]).toEqual([before, false]);
    world.knowsRoutes = true;
    world.isForbiddenRoutes = false;
    world.later(120_000);
    expect(world.isGone).toBe(true);
    expect(world.faults()).toEqual([]);
  });

  it("the CRD of routes goes and comes back, with the routes: nothing that one may name is taken away meanwhile", () => {
    const world = inMidRun();
    world.vote(Array<0>(60).fill(0));
    // The rejection stands in the route and on the record, and the route still names the candidate.
    for (let passes = 0; passes < 4; passes++) world.pass();
    const arms = () => world.cluster.services.list().map(({ metadata }) => metadata.name);
    const before = arms();
    world.knowsRoutes = false;
    world.later(60_000);
    expect(arms()).toEqual(before);
    expect(world.status.conditions?.find(({ type }) => type === "Ready")).toMatchObject({
      status: "False",
      reason: "RouteKindNotInstalled",
      message: expect.stringContaining(
        "does not know HTTPRoute, or does not let the manager list it: install the CRDs of Gateway API",
      ),
    });
    world.knowsRoutes = true;
    world.later(60_000);
    expect(world.status.phase).toBe("RolledBack");
    expect(world.faults()).toEqual([]);
  });

  it("the Gateway does not serve the route: the canary is not Ready, says why, and is Ready when it is served", () => {
    const world = new CanaryWorld();
    world.workload();
    world.settle();
    const { route } = world;
    if (route === undefined) throw new Error("no route");
    const { status: accepted, ...unanswered } = route;
    world.cluster.put(world.cluster.routes, { ...unanswered, status: {} });
    world.settle(10_000);
    const ready = world.status.conditions?.find(({ type }) => type === "Ready");
    expect(ready).toMatchObject({ status: "Unknown", reason: "RouteNotServed" });
    expect(ready?.message).toMatch(/no controller has answered for Gateway chat\/public/);
    if (world.route === undefined || accepted === undefined) throw new Error("no route");
    world.cluster.put(world.cluster.routes, { ...world.route, status: accepted });
    world.settle(10_000);
    expect(world.status.phase).toBe("Idle");
  });

  /** Somebody's write of the first rule of the route. */
  function meddle(world: CanaryWorld, change: (rule: HTTPRouteRule) => HTTPRouteRule): void {
    const { route } = world;
    const [rule] = route?.spec.rules ?? [];
    if (route === undefined || rule === undefined) throw new Error("no rule");
    world.cluster.put(world.cluster.routes, { ...route, spec: { ...route.spec, rules: [change(rule)] } });
  }

  function restored(world: CanaryWorld): EventNote[] {
    return world.events.filter(({ reason }) => reason === "RouteRestored");
  }

  it("somebody moves the weights: they are moved back, and an Event tells of it once", () => {
    const world = inMidRun();
    expect(restored(world)).toEqual([]);
    meddle(world, (rule) => {
      return { ...rule, backendRefs: (rule.backendRefs ?? []).map((ref, i) => ({ ...ref, weight: i === 0 ? 1 : 9 })) };
    });
    world.settle(10_000);
    expect(world.slots?.map(({ weight }) => weight)).toEqual([500_000, 500_000]);
    const { stable, candidate } = world.status;
    const backends = `${CANARY}-${stable?.revision} at 1, ${CANARY}-${candidate?.revision} at 9`;
    expect(restored(world)).toMatchObject([{ type: "Warning", note: expect.stringContaining(backends) }]);
    world.later(60_000);
    expect(restored(world)).toHaveLength(1);
  });

  it("that it was undone is known to the next process too, where one dies right after that write", () => {
    const world = inMidRun();
    meddle(world, ({ backendRefs: _gone, ...rule }) => rule);
    world.pass("BeforeStatus");
    world.restart();
    world.settle(10_000);
    const contested = () => findCondition(world.status.conditions, "RouteContested");
    expect(contested()).toMatchObject({ status: "True", message: expect.stringContaining("it is written back") });
    world.later(3_600_000);
    expect(contested()).toMatchObject({ status: "False" });
  });

  it.each<[string, (rule: HTTPRouteRule) => HTTPRouteRule]>([
    ["takes a backend away", ({ backendRefs = [], ...rule }) => ({ ...rule, backendRefs: backendRefs.slice(1) })],
    ["lets through a part of the paths", (rule) => ({ ...rule, matches: [{ path: { type: "Exact", value: "/v1" } }] })],
    [
      "adds a filter",
      (rule) => ({
        ...rule,
        filters: [{ type: "RequestHeaderModifier", requestHeaderModifier: { set: [{ name: "x-team", value: "us" }] } }],
      }),
    ],
    [
      "takes the headers off",
      (rule) => ({ ...rule, backendRefs: (rule.backendRefs ?? []).map((ref) => ({ ...ref, filters: [] })) }),
    ],
    [
      "lets through only what has a header",
      ({ matches = [], ...rule }) => ({
        ...rule,
        matches: matches.map((match) => ({ ...match, headers: [{ name: "x-team", value: "red" }] })),
      }),
    ],
    [
      "sends it to Services of another namespace",
      (rule) => ({ ...rule, backendRefs: (rule.backendRefs ?? []).map((ref) => ({ ...ref, namespace: "shop" })) }),
    ],
  ])("somebody %s: that is undone and told too", (_, change) => {
    const world = inMidRun();
    const before = world.route?.spec.rules;
    meddle(world, change);
    world.settle(10_000);
    expect(restored(world)).toHaveLength(1);
    expect(world.route?.spec.rules).toEqual(before);
  });

  it("somebody makes it answer for other host names: that is undone and told too", () => {
    const world = inMidRun();
    const { route } = world;
    if (route === undefined) throw new Error("no route");
    const { hostnames: _none, ...everywhere } = route.spec;
    world.cluster.put(world.cluster.routes, { ...route, spec: everywhere });
    world.settle(10_000);
    expect(restored(world)).toMatchObject([{ note: expect.stringContaining("for every host name") }]);
    expect(world.route?.spec.hostnames).toEqual(["assistant.example.com"]);
  });

  it("Git gives the canary another host name: nobody meddled", () => {
    const world = inMidRun();
    const { traffic } = world.canary.spec;
    world.edit({ traffic: { ...traffic, httpRoute: { ...traffic.httpRoute, hostnames: ["other.example.com"] } } });
    world.settle(10_000);
    expect(world.route?.spec.hostnames).toEqual(["other.example.com"]);
    expect(restored(world)).toEqual([]);
  });

  it("Git names one listener, and then none again: the route does too, and nobody meddled", () => {
    const world = inMidRun();
    const { traffic } = world.canary.spec;
    const { httpRoute } = traffic;
    const [parent = { name: "public" }, ...rest] = httpRoute?.parentRefs ?? [];
    const listeners = () => world.route?.spec.parentRefs?.map(({ sectionName }) => sectionName);
    world.edit({
      traffic: { ...traffic, httpRoute: { ...httpRoute, parentRefs: [{ ...parent, sectionName: "https" }, ...rest] } },
    });
    world.settle(10_000);
    expect(listeners()).toEqual(["https"]);
    world.edit({ traffic });
    world.settle(10_000);
    expect(listeners()).toEqual([undefined]);
    expect(restored(world)).toEqual([]);
  });

  it("all pods of the candidate are gone: it is taken out, and comes back with them", () => {
    const world = inMidRun();
    const name = `${CANARY}-${world.status.candidate?.revision}`;
    world.autoReady = false;
    world.cluster.setReady(name, 0);
    world.settle(10_000);
    expect(world.slots?.some(({ weight }) => weight === WHOLE)).toBe(true);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
    world.cluster.setReady(name);
    world.settle(10_000);
    expect(world.slots?.map(({ weight }) => weight)).toEqual([500_000, 500_000]);
    expect(world.faults()).toEqual([]);
  });

  it("stable's Deployment is deleted: it is made again as it was, from its record", () => {
    const world = inMidRun();
    const name = `${CANARY}-${world.status.stable?.revision}`;
    const before = world.cluster.deployments.get({ namespace: NAMESPACE, name })?.spec?.template;
    world.cluster.remove(world.cluster.deployments, name);
    world.settle(10_000);
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name })?.spec?.template).toEqual(before);
  });

  it("a new operator would write another pod template: what serves is not restarted for that", () => {
    const world = inMidRun();
    const name = `${CANARY}-${world.status.stable?.revision}`;
    const before = world.cluster.deployments.get({ namespace: NAMESPACE, name });
    world.upgrade({ operatorImage: "operator:2", collectorUrl: "http://collector:8080" });
    world.settle(10_000);
    expect(world.cluster.deployments.get({ namespace: NAMESPACE, name })?.spec?.template).toEqual(
      before?.spec?.template,
    );
    expect(world.status.candidate?.revision).toBeDefined();
  });

  it("the job of stable's model is deleted: no older model comes back", () => {
    const world = inMidRun();
    world.vote(Array<1>(60).fill(1));
    world.settle();
    const { stable } = world.status;
    world.job("train-0", "c", "2026-01-01T12:00:00Z");
    world.cluster.remove(world.cluster.jobs, "train-1");
    world.settle();
    expect(world.status).toMatchObject({ phase: "Promoted", stable });
  });

  it("the workload is deleted: stable goes on, and status says what is missing", () => {
    const world = inMidRun();
    world.vote(Array<1>(60).fill(1));
    world.settle();
    world.cluster.remove(world.cluster.deployments, "assistant-template");
    world.settle();
    expect(world.status).toMatchObject({ phase: "Stalled" });
    expect(world.status.conditions?.[0]?.message).toContain("There is no Deployment assistant-template");
    expect(world.slots?.some(({ weight }) => weight === WHOLE)).toBe(true);
  });
});
