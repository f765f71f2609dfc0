import type { SamplerConfig } from "../../../api/contracts/sampler.ts";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";

type Comparisons = Pick<PreferenceCanarySpec["evidence"]["comparisons"], "percent" | "cohorts">;

/** Percent of live requests that are mirrored. A gateway knows no cohorts, so it is the most that any of them is to have. */
export function mirrorPercent({ percent, cohorts = [] }: Comparisons): number {
  return Math.max(percent, ...cohorts.map((cohort) => cohort.percent));
}

/** What the sampler takes of the mirrored requests, so that each cohort has its percentage of the live ones. */
export function shares(comparisons: Comparisons): SamplerConfig["shares"] {
  const mirrored = mirrorPercent(comparisons);
  const { percent, cohorts = [] } = comparisons;
  return {
    others: percent / mirrored,
    cohorts: Object.fromEntries(cohorts.map((cohort) => [cohort.name, cohort.percent / mirrored])),
  };
}
