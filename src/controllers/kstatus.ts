import { CONDITION } from "../api/v1alpha1/condition-types.ts";
import type { NewCondition } from "../runtime/conditions.ts";

/**
 * Where an object stands, in the only four ways that kstatus and Argo CD can tell apart:
 * - InProgress: the operator works on it, or waits for something that will come.
 * - Ready: as the spec wants it.
 * - NotReady: not as the spec wants it, but whole; nothing is being done about it.
 * - Stalled: not as the spec wants it, and nothing will change until somebody does something.
 */
export type Standing = "InProgress" | "Ready" | "NotReady" | "Stalled";

/** Why an object that is in progress is Ready all the while: what it had goes on to be good. */
export interface StillReady {
  readonly reason: string;
  readonly message: string;
}

/**
 * Ready, Reconciling and Stalled for a standing; never are the last two True together. Ready and Reconciling may be:
 * kstatus reads Reconciling first and says InProgress, while who asks for Ready is told the truth. The message stands on
 * Ready and on the one that is True: on what is False it would be read as what keeps it so.
 */
export function standingConditions(
  standing: Standing,
  reason: string,
  message: string,
  observedGeneration: number,
  stillReady?: StillReady,
): NewCondition[] {
  const ready = { InProgress: "Unknown", Ready: "True", NotReady: "False", Stalled: "False" } as const;
  const common = { reason, message, observedGeneration };
  const flag = (type: string, isTrue: boolean): NewCondition =>
    isTrue ? { ...common, type, status: "True" } : { ...common, type, status: "False", message: "" };
  return [
    { ...common, type: CONDITION.ready, status: stillReady === undefined ? ready[standing] : "True", ...stillReady },
    flag(CONDITION.reconciling, standing === "InProgress"),
    flag(CONDITION.stalled, standing === "Stalled"),
  ];
}
