import { CONDITION } from "../../../api/v1alpha1/condition-types.ts";
import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import { findCondition } from "../../../runtime/conditions.ts";
import type { Standing } from "../../kstatus.ts";

/** Where the canary stands, in one word for the printer column and in a sentence for whoever is on call. */
export interface Stand {
  readonly phase: Phase;
  readonly standing: Standing;
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export type Phase =
  | "Idle"
  | "Progressing"
  | "Paused"
  | "AwaitingApproval"
  | "Promoting"
  | "Promoted"
  | "RollingBack"
  | "RolledBack"
  | "Stalled";

/** Reasons of a candidate that waits for nothing but pods. */
export const SCALING_UP = "ScalingUp";
export const GATES_PASSED = "GatesPassed";

/** The reason of Ready with which status says that it does; undefined while it does not. */
export function waitsForPods({ status }: Pick<PreferenceCanary, "status">): string | undefined {
  const { reason } = findCondition(status?.conditions, CONDITION.ready) ?? {};
  return reason === SCALING_UP || reason === GATES_PASSED ? reason : undefined;
}
