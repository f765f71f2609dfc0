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

/** Reasons that are read again: with them a candidate waits for nothing but pods. */
export const SCALING_UP = "ScalingUp";
export const GATES_PASSED = "GatesPassed";
