import type { Verdict } from "../../../gates/verdict.ts";
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
  /** Some of its evidence. */
  readonly isUnread: boolean;
  readonly orders: Orders;
  readonly isOverdue: boolean;
  readonly isServing: boolean;
}

export function holdOf(
  observed: Observed,
  { verdict, isUnread, orders, isOverdue, isServing }: HoldInputs,
): Hold | undefined {
  const { canary, route } = observed;
  if (canary.spec.suspend) return "Suspended";
  // An order to promote ends a pause, and does not end this.
  if (isHeldByForeignWrite(observed)) return "RouteContested";
  if (orders.pause) return "Paused";
  if (isOverdue) return "DeadlineExceeded";
  if (verdict === "Mismatch" || verdict === "NoData" || verdict === "Shifting") return verdict;
  if (isUnread) return "Unread";
  // Before a weight is written, and not after: a Gateway may refuse the route, or a ReferenceGrant be missing.
  if (route?.unserved !== undefined) return "RouteNotServed";
  return isServing ? undefined : "NotReady";
}
