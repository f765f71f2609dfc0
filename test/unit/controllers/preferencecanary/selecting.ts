import { digest, modelUri } from "../../../builders/canary.ts";
import type { CanaryWorld } from "../../../builders/canary-world.ts";
import { idle } from "./scenario.ts";

/** Three models of which one is to be chosen. */

export const model = (name: string, digit: string) => ({ name, uri: modelUri(digit), digest: digest(digit) });
export const CANDIDATES = [model("red", "b"), model("green", "c"), model("blue", "d")];
/** Undecided at {50%, 60%} and 1.67% each. */
export const good = Array.from({ length: 30 }, (_, i): 0 | 1 => (i % 10 < 6 ? 1 : 0));
export const fair = Array.from({ length: 30 }, (_, i): 0 | 1 => (i % 2 === 0 ? 1 : 0));

/** So that a candidate that is chosen can be seen before it is promoted. */
const steps = [
  { name: "shadow", weight: 0, minDuration: "1h" },
  { name: "half", weight: 50 },
];

export function selecting(changes: Readonly<Record<string, unknown>> = {}): CanaryWorld {
  const world = idle({ model: { candidates: CANDIDATES }, selection: {}, steps, ...changes });
  world.settle(30_000);
  return world;
}

export function contender(world: CanaryWorld, name: string) {
  return world.status.contenders?.find((each) => each.name === name);
}

export function revisionOf(world: CanaryWorld, name: string): string {
  return contender(world, name)?.revision ?? "no contender";
}
