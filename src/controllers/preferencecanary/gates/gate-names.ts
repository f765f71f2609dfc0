import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";

type Gates = PreferenceCanarySpec["gates"];

/** Each metric of a spec is a gate of its own. */
export const METRICS = "metrics/";

export function metricGateName(metric: string): string {
  return `${METRICS}${metric}`;
}

/** Whether a gate of status is one that a spec calls so: `metrics` stands for every metric. */
export function isCalled(gate: string, name: string): boolean {
  return gate === name || gate.startsWith(`${name}/`);
}

/** Metrics that measure the candidate against stable, by the names of their gates. */
export function metricsOfBoth({ metrics = [] }: Gates): readonly string[] {
  return metrics.filter(({ against }) => against === "Stable").map(({ name }) => metricGateName(name));
}

/** A gate of status for which other systems are asked. */
export function isAsked(gate: string): boolean {
  return isCalled(gate, "metrics") || isCalled(gate, "webhook");
}
