import { CANARY, canarySpec, NAMESPACE } from "../../../builders/canary.ts";
import { CanaryWorld } from "../../../builders/canary-world.ts";

export const HOUR = 3_600_000;
export const wins = Array<1>(60).fill(1);
export const losses = Array<0>(60).fill(0);
export const even = Array.from({ length: 20 }, (_, i): 0 | 1 => (i % 2 === 0 ? 1 : 0));

type Changes = Readonly<Record<string, unknown>>;

/** A first revision that serves. Nobody misses evidence for days, unless the spec says so. */
export function idle(changes: Changes = {}): CanaryWorld {
  const world = new CanaryWorld(canarySpec({ onNoData: { after: "480h" }, ...changes }));
  world.workload();
  world.settle();
  return world;
}

/** A candidate with another model that has come as far as time alone brings it. */
export function running(changes: Changes = {}): CanaryWorld {
  const world = idle(changes);
  world.job("train-1", "b", "2026-01-02T00:00:00Z");
  world.settle(30_000);
  return world;
}

export function rolledBack(changes: Changes = {}): CanaryWorld {
  const world = running(changes);
  world.vote(losses);
  world.settle();
  return world;
}

export function stableOf(world: CanaryWorld): string {
  return world.status.stable?.revision ?? "no stable";
}

export function candidateOf(world: CanaryWorld): string {
  return world.status.candidate?.revision ?? "no candidate";
}

/** What each revision that serves has of a million. */
export function serving(world: CanaryWorld): Record<string, number> {
  const slots = world.slots?.filter(({ weight }) => weight > 0) ?? [];
  return Object.fromEntries(slots.map(({ revision, weight }) => [revision, weight]));
}

export function ready(world: CanaryWorld) {
  return world.status.conditions?.find(({ type }) => type === "Ready");
}

export function armOf(world: CanaryWorld, revision: string) {
  return world.cluster.deployments.get({ namespace: NAMESPACE, name: `${CANARY}-${revision}` });
}

/** From here on pods are only as ready as they are said to be: `revision` has this many. */
export function setPods(world: CanaryWorld, revision: string, pods?: number): void {
  world.autoReady = false;
  world.cluster.setReady(`${CANARY}-${revision}`, pods);
}
