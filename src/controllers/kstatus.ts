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

/** Ready, Reconciling and Stalled for a standing; never are the last two True together. */
export function standingConditions(
  standing: Standing,
  reason: string,
  message: string,
  observedGeneration: number,
): NewCondition[] {
  const ready = { InProgress: "Unknown", Ready: "True", NotReady: "False", Stalled: "False" } as const;
  const condition = (type: string, status: NewCondition["status"]) => ({
    type,
    status,
    reason,
    message,
    observedGeneration,
  });
  return [
    condition(CONDITION.ready, ready[standing]),
    condition(CONDITION.reconciling, standing === "InProgress" ? "True" : "False"),
    condition(CONDITION.stalled, standing === "Stalled" ? "True" : "False"),
  ];
}
