import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { isSilent, type Silence } from "../evidence/silence.ts";
import type { GateStatus } from "../gates/gates.ts";
import type { Orders } from "./orders.ts";

export interface RejectionInputs {
  readonly spec: PreferenceCanarySpec;
  readonly gates: readonly GateStatus[];
  readonly orders: Orders;
  readonly silence: Silence | undefined;
  /** The run has taken longer than its deadline. */
  readonly isOverdue: boolean;
}

/** Why the candidate is taken back now, in words; undefined while it is not. What a gate found comes first. */
export function rejectionOf(inputs: RejectionInputs, now: Date): string | undefined {
  const { spec, gates, orders, silence, isOverdue } = inputs;
  const found = foundAgainst(gates, orders);
  if (found !== undefined) return found;
  const said = gates.map(({ name, message }) => `${name}: ${message}`).join("; ");
  if (isWaiting(spec, orders)) return undefined;
  const silent =
    spec.onNoData.do === "Rollback"
      ? gates.filter((gate) => gate.verdict === "NoData" && isSilent(gate, silence, now))
      : [];
  if (silent.length > 0) {
    const names = silent.map(({ name }) => name).join(" and ");
    return `No data: ${names} heard nothing new for ${spec.onNoData.after}, and spec.onNoData.do is Rollback. ${said}`;
  }
  if (isOverdue && spec.onInconclusive === "Rollback")
    return `Inconclusive: not promoted within spec.deadline, ${spec.deadline}. ${said}`;
  return undefined;
}

/** What takes it back whatever the clocks say. */
export function foundAgainst(gates: readonly GateStatus[], orders: Orders): string | undefined {
  const failed = gates.find(({ verdict }) => verdict === "Fail");
  if (failed !== undefined) return `${failed.name}: ${failed.message}`;
  return orders.rollback ? `By order, ${orders.describe("rollback")}` : undefined;
}

/** Somebody holds the run on purpose, or wants it promoted: the clocks of the operator do not end it meanwhile. */
function isWaiting({ suspend }: PreferenceCanarySpec, { pause, promote }: Orders): boolean {
  return suspend || pause || promote;
}
