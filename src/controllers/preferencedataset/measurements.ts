import type { ProfileResult } from "../../api/contracts/profile.ts";
import type { PreferenceDatasetStatus } from "../../api/v1alpha1/preference-dataset.ts";
import { formatDuration, formatPercent } from "../../api/v1alpha1/quantity.ts";

/** What a profile found, as status.quality says it. Verdicts are made from these very words, so that both agree. */
export type Measurements = NonNullable<PreferenceDatasetStatus["quality"]>;

export function measurements({ quality }: ProfileResult): Measurements {
  const { agreement, largestLabelerShare, medianAgeSeconds } = quality;
  return {
    invalid: quality.invalid,
    duplicates: quality.duplicates,
    labelers: quality.labelers,
    ...(largestLabelerShare !== null && { largestLabelerShare: formatPercent(largestLabelerShare) }),
    ...(medianAgeSeconds !== null && { medianAge: formatDuration(medianAgeSeconds * 1000) }),
    ...(agreement !== null && {
      agreement: {
        value: agreement.value.toFixed(2),
        interval: agreement.interval.map((bound) => bound.toFixed(2)),
        units: agreement.units,
      },
    }),
  };
}
