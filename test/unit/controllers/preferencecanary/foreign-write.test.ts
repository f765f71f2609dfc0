import { describe, expect, it } from "vitest";
import type { HTTPRoute } from "../../../../src/kube/gateway-api.ts";
import { findCondition } from "../../../../src/runtime/conditions.ts";
import { stableAlone } from "../../../../src/traffic/slots.ts";
import { CANARY, canarySpec, NAMESPACE } from "../../../builders/canary.ts";
import { CanaryWorld, type Crash } from "../../../builders/canary-world.ts";
import { chat, ROUTE, routeOf, servers, serving, worldWith, writeGits } from "./adopted-scenario.ts";
import { losses, wins } from "./scenario.ts";

const HOLD = {
  traffic: { httpRoute: { parentRefs: [{ name: "public" }], hostnames: ["a.example.com"] }, onForeignWrite: "Hold" },
  steps: [
    { name: "shadow", weight: 0 },
    { name: "first", weight: 1, minDuration: "10m" },
    { name: "half", weight: 50 },
  ],
  onNoData: { after: "480h" },
};
const SHOP = "a-maintenance-page";

function inStep(name: string, changes = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ ...HOLD, ...changes }));
  world.workload();
  world.settle();
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(name === "half" ? 900_000 : 30_000);
  expect(world.status.step?.name).toBe(name);
  return world;
}

/** As `kubectl edit` does: its name stands on what it wrote. */
function write(
  world: CanaryWorld,
  weights: readonly [number, number],
  names: readonly (string | undefined)[] = [],
): void {
  const { route } = world;
  const [rule] = route?.spec.rules ?? [];
  if (route === undefined || rule === undefined) throw new Error("no rule");
  const refs = (rule.backendRefs ?? []).map((ref, i) => ({ ...ref, name: names[i] ?? ref.name, weight: weights[i] }));
  const rules = [{ ...rule, backendRefs: refs }];
  const fields = { manager: "kubectl-edit", time: "2026-01-02T10:00:00Z", fieldsV1: { "f:spec": { "f:rules": {} } } };
  const metadata = { ...route.metadata, managedFields: [fields] };
  for (const name of names) if (name !== undefined) world.cluster.put(world.cluster.services, { metadata: { name } });
  world.cluster.put(world.cluster.routes, { ...route, metadata, spec: { ...route.spec, rules } } as HTTPRoute);
}

const rulesOf = (world: CanaryWorld) => world.route?.spec.rules;
const contested = (world: CanaryWorld) => findCondition(world.status.conditions, "RouteContested");
const ready = (world: CanaryWorld) => findCondition(world.status.conditions, "Ready");
const told = (world: CanaryWorld, reason: string) => world.events.filter((event) => event.reason === reason);
const weights = (world: CanaryWorld) => world.slots?.map(({ weight }) => weight).toSorted((a, b) => a - b);
const resume = (world: CanaryWorld) =>
  world.annotate({ "dpo.dev/resume": `route/${world.status.foreignWrite?.generation}` });

describe("traffic.onForeignWrite: Hold", () => {
  it("leaves the route as somebody else has written it, keeps the run where it is, and says who, what and what to do", () => {
    const world = inStep("first");
    write(world, [1, 9]);
    const before = rulesOf(world);
    world.later(3_600_000);
    expect(rulesOf(world)).toEqual(before);
    expect(world.status).toMatchObject({ phase: "Paused", step: { name: "first" } });
    expect(world.status.weights).not.toHaveProperty("since");
    const generation = world.route?.metadata.generation;
    expect(world.status.foreignWrite).toEqual({ generation, manager: "kubectl-edit", time: "2026-01-02T10:00:00Z" });
    expect(contested(world)).toMatchObject({ status: "True", reason: "Held" });
    const { message } = contested(world) ?? {};
    expect(message).toMatch(
      /^HTTPRoute assistant was changed by somebody else, last by kubectl-edit at 2026-01-02T10:00:00Z: spec\.rules\[0\]\.backendRefs\[0\]\.weight is 1 instead of 990000, spec\.rules\[0\]\.backendRefs\[1\]\.weight is 9 instead of 10000\./,
    );
    expect(message).toContain(`or until the canary is annotated with dpo.dev/resume=route/${generation}`);
    expect(ready(world)).toMatchObject({ status: "False", reason: "RouteContested" });
    expect(ready(world)?.message).toContain(`dpo.dev/resume=route/${generation}`);
    expect(told(world, "RouteLeft")).toMatchObject([{ type: "Warning", note: message }]);
    expect(told(world, "RouteRestored")).toEqual([]);
  });

  it("goes on by itself once that is gone, with the whole of the step's time", () => {
    const world = inStep("first");
    const { route } = world;
    if (route === undefined) throw new Error("no route");
    write(world, [1, 9]);
    world.later(600_000);
    world.cluster.put(world.cluster.routes, route);
    world.settle(0);
    world.later(590_000);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "first" } });
    expect(world.status.foreignWrite).toBeUndefined();
    expect(contested(world)).toMatchObject({ status: "False" });
    world.later(30_000);
    expect(world.status.step?.name).toBe("half");
    expect(world.faults()).toEqual([]);
  });

  it("goes on by the order to resume, which writes the route back; the next write of somebody else's is held again", () => {
    const world = inStep("first");
    write(world, [1, 9]);
    world.settle(1_000);
    resume(world);
    world.settle(900_000);
    expect(world.status.step?.name).toBe("half");
    expect(weights(world)).toEqual([500_000, 500_000]);
    expect(contested(world)).toMatchObject({ status: "True", reason: "WrittenBack" });
    write(world, [1, 9]);
    world.later(60_000);
    expect(weights(world)).toEqual([1, 9]);
    expect(contested(world)).toMatchObject({ status: "True", reason: "Held" });
  });

  it("is no step forward where the weight that somebody wrote is that of a later one", () => {
    const world = inStep("first");
    write(world, [500_000, 500_000]);
    world.later(60_000);
    expect(world.status.step?.name).toBe("first");
    resume(world);
    world.settle(2_000);
    expect(world.status.step?.name).toBe("first");
    expect(weights(world)).toEqual([10_000, 990_000]);
  });

  it("holds for host names too, whatever Git says of the canary meanwhile", () => {
    const world = inStep("first");
    const { route } = world;
    if (route === undefined) throw new Error("no route");
    world.cluster.put(world.cluster.routes, { ...route, spec: { ...route.spec, hostnames: ["b.example.com"] } });
    world.settle(10_000);
    expect(contested(world)?.message).toContain('spec.hostnames[0] is "b.example.com" instead of "a.example.com"');
    world.later(1_200_000);
    expect(world.status).toMatchObject({ step: { name: "first" }, weights: { desired: 1 } });
    expect(world.status.weights).not.toHaveProperty("since");
    world.edit({ history: { limit: 5 } });
    world.settle(10_000);
    expect([world.route?.spec.hostnames, world.status.phase]).toEqual([["b.example.com"], "Paused"]);
    resume(world);
    world.settle(10_000);
    expect(world.route?.spec.hostnames).toEqual(["a.example.com"]);
  });

  it("promotes nobody, by gates or by order, until it is over", () => {
    const world = inStep("half");
    write(world, [1, 9]);
    world.vote(wins);
    world.later(60_000);
    world.annotate({ "dpo.dev/promote": world.status.candidate?.revision ?? "" });
    world.later(60_000);
    expect([world.status.phase, weights(world)]).toEqual(["Paused", [1, 9]]);
    resume(world);
    world.settle(120_000);
    expect(world.status.phase).toBe("Promoted");
  });

  it("keeps no candidate that fails in the route: a rollback is written at once, with its verdict", () => {
    const world = inStep("half");
    const { stable, candidate } = world.status;
    write(world, [1, 9]);
    world.later(60_000);
    const from = world.cluster.routeVersions.length;
    world.vote(losses);
    world.pass();
    const [first] = world.cluster.routeVersions.slice(from);
    expect(first?.metadata.annotations).toMatchObject({ "dpo.dev/rejected": candidate?.revision });
    world.settle(60_000);
    expect(world.status.phase).toBe("RolledBack");
    expect(world.slots?.every(({ revision }) => revision === stable?.revision)).toBe(true);
    expect(told(world, "RouteRestored")).toHaveLength(1);
  });

  it("lets nobody give a rejected revision requests again", () => {
    const world = inStep("half");
    const { candidate } = world.status;
    world.vote(losses);
    world.settle(60_000);
    write(world, [1, 9], [undefined, `${CANARY}-${candidate?.revision}`]);
    world.settle(10_000);
    expect(world.slots?.some(({ revision }) => revision === candidate?.revision)).toBe(false);
  });

  it("leaves no request with a candidate that has lost its pods", () => {
    const world = inStep("half");
    write(world, [1, 9]);
    world.settle(10_000);
    world.autoReady = false;
    world.cluster.setReady(`${CANARY}-${world.status.candidate?.revision}`, 0);
    world.settle(10_000);
    expect(world.slots).toEqual(expect.arrayContaining([expect.objectContaining({ weight: 1_000_000 })]));
  });

  it("says so of a canary without a candidate too, and starts no run's way over it", () => {
    const world = new CanaryWorld(canarySpec(HOLD));
    world.workload();
    world.settle();
    write(world, [9, 0], [SHOP]);
    world.later(60_000);
    expect(world.status.phase).toBe("Paused");
    expect(ready(world)?.message).toMatch(
      /^Revision [0-9a-f]{10} is stable\. HTTPRoute assistant was changed by somebody else/,
    );
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.later(600_000);
    expect([world.status.step?.name, world.slots?.[0]?.revision]).toEqual(["shadow", SHOP]);
    resume(world);
    world.later(900_000);
    expect(world.status.step?.name).toBe("half");
  });

  it("is not asked of a canary that is deleted: stable has all requests, and nothing is left behind", () => {
    const world = inStep("half");
    write(world, [1, 9]);
    world.settle(10_000);
    world.deleteCanary();
    world.later(120_000);
    expect(world.isGone).toBe(true);
    const { stable } = world.statuses.at(-1) ?? {};
    expect(world.slots).toEqual(stableAlone(stable?.revision ?? ""));
  });

  it.each<Crash>(["BeforeEffect", "BeforeStatus"])("ends the same whenever the operator dies: %s", (crash) => {
    const life = (at: number): [CanaryWorld, number] => {
      const world = inStep("first");
      let passes = 0;
      const settle = (ms: number) => {
        passes += world.settle(ms, { [at - passes]: crash });
      };
      write(world, [1, 9]);
      settle(10_000);
      const generation = world.route?.metadata.generation;
      expect(weights(world)).toEqual([1, 9]);
      world.annotate({ "dpo.dev/resume": `route/${generation}` });
      settle(900_000);
      world.vote(wins);
      settle(120_000);
      return [world, passes];
    };
    const [, passes] = life(-1);
    for (let at = 0; at < passes; at++) {
      const [world] = life(at);
      expect([at, world.status.phase, world.faults()]).toEqual([at, "Promoted", []]);
    }
  });

  it("holds for a route that Git owns: where Git puts its own backend back it stays, and the arms' go on", () => {
    const world = serving(worldWith([chat], undefined, { traffic: adopting() }));
    world.job("train-1", "b", "2026-01-02T00:00:00Z");
    world.later(120_000);
    writeGits(world, [chat]);
    world.later(60_000);
    expect(servers(world)).toBe("Git's chat");
    expect(world.status).toMatchObject({ phase: "Paused", step: { name: "half" } });
    expect(contested(world)?.message).toMatch(
      /^HTTPRoute storefront was changed by somebody else: spec\.rules\[0\]\.backendRefs is 1 of them instead of 2 of them/,
    );
    world.annotate({ "dpo.dev/resume": `route/${routeOf(world)?.metadata.generation}` });
    world.later(120_000);
    expect(world.status).toMatchObject({ phase: "Progressing", step: { name: "half" } });
    expect(servers(world)).toMatch(/500000.*500000/);
  });

  it("is of no concern for what Git writes beside the part that is the canary's", () => {
    const world = serving(worldWith([chat], undefined, { traffic: adopting() }));
    const route = routeOf(world);
    if (route === undefined) throw new Error("no route");
    const spec = { ...route.spec, hostnames: ["shop.example.com"] };
    world.cluster.put(world.cluster.routes, { ...route, spec });
    world.settle(10_000);
    expect([world.status.phase, contested(world)]).toEqual(["Idle", undefined]);
    expect(world.cluster.routes.get({ namespace: NAMESPACE, name: ROUTE })?.spec.hostnames).toEqual([
      "shop.example.com",
    ]);
  });
});

function adopting() {
  return { httpRoute: { adopt: { name: ROUTE } }, onForeignWrite: "Hold" };
}
