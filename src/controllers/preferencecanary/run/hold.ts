import type { Verdict } from "../../../gates/verdict.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { Observed } from "../observed.ts";
import { isHeldByForeignWrite } from "./foreign-write.ts";
import type { Orders } from "./orders.ts";

/** Why a candidate that has not failed gets no further. */
export type Hold =
  | "Suspended"
  | "Paused"
  | "RouteContested"
  | "DeadlineExceeded"
  | "Mismatch"
  | "NoData"
  | "Shifting"
  | "Unread"
  | "RouteNotServed"
  | "NotReady";

export interface HoldInputs {
  /** Of all gates together. */
  readonly verdict: Verdict;
  readonly evidence: Evidence;
  readonly orders: Orders;
  readonly isOverdue: boolean;
  readonly isServing: boolean;
}

export function holdOf(
  observed: Observed,
  { verdict, evidence, orders, isOverdue, isServing }: HoldInputs,
): Hold | undefined {
  const { canary, route } = observed;
  if (canary.spec.suspend) return "Suspended";
  // An order to promote ends a pause, and does not end this.
  if (isHeldByForeignWrite(observed)) return "RouteContested";
  if (orders.pause) return "Paused";
  if (isOverdue) return "DeadlineExceeded";
  if (verdict === "Mismatch" || verdict === "NoData" || verdict === "Shifting") return verdict;
  const { comparisons, checks, ratings, answers } = evidence;
  const { safety, compliance, regression, mismatch } = canary.spec.gates;
  const isRated = compliance !== undefined || regression !== undefined || mismatch !== undefined;
  const collected = [comparisons, ...(safety ? [checks] : []), ...(isRated ? [ratings] : [])];
  const streams = [...collected, ...Object.values(answers)];
  if (streams.some(({ access }) => access.type === "Unread")) return "Unread";
  // Before a weight is written, and not after: a Gateway may refuse the route, or a ReferenceGrant be missing.
  if (route?.unserved !== undefined) return "RouteNotServed";
  return isServing ? undefined : "NotReady";
}
