import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { parseDecimal, parseDuration } from "../../api/v1alpha1/quantity.ts";
import type { Answer } from "../../controllers/preferencecanary/evidence/evidence.ts";
import { metricGateName } from "../../controllers/preferencecanary/gates/gate-names.ts";

/** A gate that another system is asked for, with what that may say. */
export interface AskedGate {
  /** As in status. */
  readonly gate: string;
  readonly intervalMs: number;
  readonly good: NonNullable<Answer["said"]>;
  /** Of a metric: a sample that breaks its bound. */
  readonly breach?: NonNullable<Answer["said"]>;
}

type Gates = PreferenceCanarySpec["gates"];

export function askedGates({ metrics = [], webhook }: Gates): readonly AskedGate[] {
  return [...metrics.map(metricOf), ...(webhook ? [webhookOf(webhook)] : [])];
}

/** At the bound, and beyond it; stable's value, where the bound is a multiple of that, is 1. */
function metricOf({ name, interval, against, min, max }: NonNullable<Gates["metrics"]>[number]): AskedGate {
  const sample = (value: number) => ({ type: "Metric", value, ...(against === "Stable" && { stable: 1 }) }) as const;
  const bound = parseDecimal(max ?? min ?? "0");
  return {
    gate: metricGateName(name),
    intervalMs: parseDuration(interval),
    good: sample(bound),
    breach: sample(max === undefined ? bound - 1 : bound + 1),
  };
}

function webhookOf({ interval }: NonNullable<Gates["webhook"]>): AskedGate {
  const good = { type: "Webhook", verdict: "Pass", message: "simulated" } as const;
  return { gate: "webhook", intervalMs: parseDuration(interval), good };
}
