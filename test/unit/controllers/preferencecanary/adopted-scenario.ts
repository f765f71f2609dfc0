import type { HTTPRoute, HTTPRouteRule } from "../../../../src/kube/gateway-api.ts";
import { findRule } from "../../../../src/traffic/adopted-rule.ts";
import { CANARY, canarySpec, NAMESPACE } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";
import { served } from "../../../builders/memory-cluster.ts";

export const ROUTE = "storefront";
export const chat: HTTPRouteRule = {
  matches: [{ path: { type: "PathPrefix", value: "/" } }],
  backendRefs: [{ name: "chat", port: 80, weight: 1 }],
};
export const cart: HTTPRouteRule = {
  matches: [{ path: { type: "PathPrefix", value: "/cart" } }],
  backendRefs: [{ name: "cart", port: 80, weight: 1 }],
};

/** A canary that is to adopt this rule of the route, or its only one. Nobody misses evidence for days. */
export function worldWith(rules: readonly HTTPRouteRule[] = [chat], rule?: string, changes = {}): CanaryWorld {
  const traffic = { httpRoute: { adopt: { name: ROUTE, ...(rule && { rule }) } } };
  const world = new CanaryWorld(canarySpec({ onNoData: { after: "480h" }, traffic, ...changes }));
  writeGits(world, rules);
  return world;
}

/** Git's own write of it; what others say in annotations stays. */
export function writeGits(
  world: CanaryWorld,
  rules: readonly HTTPRouteRule[],
  annotations = routeOf(world)?.metadata.annotations,
): void {
  const spec = { parentRefs: [{ name: "public" }], rules };
  const metadata = { name: ROUTE, ...(annotations && { annotations }) };
  world.cluster.put(world.cluster.routes, { metadata, spec, status: served(spec) } as HTTPRoute);
  for (const name of ["chat", "cart"]) world.cluster.put(world.cluster.services, { metadata: { name } });
}

export function routeOf(world: CanaryWorld) {
  return world.cluster.routes.get({ namespace: NAMESPACE, name: ROUTE });
}

export function rulesOf(world: CanaryWorld): readonly HTTPRouteRule[] {
  return routeOf(world)?.spec.rules ?? [];
}

/** "original 999999, 7c9f01ab23 1", or what Git names. */
export function servers(world: CanaryWorld, rule?: string): string {
  const route = routeOf(world);
  const found = route && findRule(route, CANARY, rule);
  if (found === undefined || "problem" in found) return "nobody";
  if (found.slots === undefined) return `Git's ${found.original?.name}`;
  return found.slots.map(({ revision, weight }) => `${revision} ${weight}`).join(", ");
}

export function serving(world = worldWith()): CanaryWorld {
  world.workload();
  world.settle();
  return world;
}

/** A candidate with half of the requests, and a mirror. */
export function halfWay(world = worldWith()): CanaryWorld {
  serving(world);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.later(120_000);
  return world;
}

export const said = (world: CanaryWorld, reason: string) => world.events.filter((event) => event.reason === reason);
