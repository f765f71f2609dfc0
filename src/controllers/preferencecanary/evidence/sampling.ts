import type { SamplerConfig } from "../../../api/contracts/sampler.ts";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";

type Comparisons = Pick<PreferenceCanarySpec["evidence"]["comparisons"], "percent" | "cohorts" | "uncertain">;

type Sampling = Pick<SamplerConfig, "shares"> & Partial<Pick<SamplerConfig, "uncertain">>;

/** Percent of live requests that both arms may be asked. A gateway knows no cohorts, so it is the most that any of them is to have. */
export function comparedPercent({ percent, cohorts = [] }: Omit<Comparisons, "uncertain">): number {
  return Math.max(percent, ...cohorts.map((cohort) => cohort.percent));
}

/** Percent of live requests that are mirrored: some of them are for stable alone. */
export function mirrorPercent(comparisons: Comparisons): number {
  return comparedPercent(comparisons) + (comparisons.uncertain?.percent ?? 0);
}

/** What the sampler takes of the mirrored requests, so that each cohort has its percentage of the live ones. */
export function sampling(comparisons: Comparisons): Sampling {
  const mirrored = mirrorPercent(comparisons);
  const { percent, cohorts = [], uncertain } = comparisons;
  return {
    shares: {
      others: percent / mirrored,
      cohorts: Object.fromEntries(cohorts.map((cohort) => [cohort.name, cohort.percent / mirrored])),
    },
    ...(uncertain && { uncertain: { share: uncertain.percent / mirrored, keep: uncertain.keep / 100 } }),
  };
}
