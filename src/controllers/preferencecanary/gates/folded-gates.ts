import { keyString, type ObjectKey } from "../../../kube/object.ts";
import { covers } from "../../../runtime/covers.ts";
import type { GateStatus } from "./gate.ts";

/**
 * What the last pass of a canary has folded, so that no evidence is kept until status has it too: the numbers of a
 * thousand canaries get there minutes later. Nothing depends on it. Whoever begins anew folds what comes after what
 * status remembers, and comes to the same.
 */
export interface FoldedGates {
  /** What was folded last in this run onto what status remembers, or that itself: what evidence goes on from. */
  latest(canary: ObjectKey, run: string, remembered: readonly GateStatus[]): readonly GateStatus[];
  /** A pass has folded all evidence that came after the latest. */
  keep(canary: ObjectKey, gates: readonly GateStatus[]): void;
  forget(canary: ObjectKey): void;
}

interface Folded {
  readonly run: string;
  readonly remembered: readonly GateStatus[];
  readonly gates: readonly GateStatus[];
}

export function createFoldedGates(): FoldedGates {
  const known = new Map<string, Folded>();

  return {
    latest(canary, run, remembered) {
      const key = keyString(canary);
      const last = known.get(key);
      const isOnto = last !== undefined && last.run === run && areSame(last.remembered, remembered);
      const gates = isOnto ? last.gates : remembered;
      known.set(key, { run, remembered, gates });
      return gates;
    },
    keep(canary, gates) {
      const key = keyString(canary);
      const last = known.get(key);
      if (last !== undefined) known.set(key, { ...last, gates: gates.map(withoutWords) });
    },
    forget: (canary) => void known.delete(keyString(canary)),
  };
}

/** Folding goes on without them, and of a thousand canaries they are megabytes. */
function withoutWords({
  estimate: _estimate,
  interval: _interval,
  evidence: _evidence,
  ...folded
}: GateStatus): GateStatus {
  return { ...folded, message: "" };
}

/** Of one version of a canary they are the same objects. */
function areSame(some: readonly GateStatus[], others: readonly GateStatus[]): boolean {
  return (
    some.length === others.length &&
    some.every((gate, index) => gate === others[index] || (covers(gate, others[index]) && covers(others[index], gate)))
  );
}
