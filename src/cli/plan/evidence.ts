import type { Evidence } from "../../controllers/preferencecanary/evidence.ts";
import { cursorsOf, type GateStatus } from "../../controllers/preferencecanary/gates.ts";
import type { Arrival } from "./arrivals.ts";

/** What the controller reads when these have come since the gates were last folded. */
export function evidenceOf(gates: readonly GateStatus[], arrivals: readonly Arrival[]): Evidence {
  const { comparisons = null, checks = null, ratings = null } = cursorsOf(gates);
  const access = { type: "Readable" } as const;
  return {
    comparisons: { from: comparisons, records: arrivals.flatMap(({ comparison }) => comparison ?? []), access },
    checks: { from: checks, records: arrivals.flatMap(({ check }) => check ?? []), access },
    ratings: { from: ratings, records: [], access },
  };
}
