import type { ProfileResult } from "../../api/contracts/profile.ts";
import type { PreferenceDatasetSpec } from "../../api/v1alpha1/preference-dataset.ts";
import { formatAge, parseDecimal, parseDuration } from "../../api/v1alpha1/quantity.ts";

/** Whether a snapshot may be trained on; reason and message become the QualityMet condition as they are. */
export interface QualityVerdict {
  readonly met: boolean;
  readonly reason: string;
  readonly message: string;
}

/** The first requirement that is not met decides. Unknown is not met: no evidence is not good evidence. */
export function meetsQuality(spec: PreferenceDatasetSpec["quality"], result: ProfileResult): QualityVerdict {
  const missed = tooFew(spec, result) ?? disagreement(spec, result) ?? stale(spec, result);
  return missed ?? { met: true, reason: "QualityMet", message: `${result.pairs} pairs meet spec.quality` };
}

function tooFew({ minPairs }: PreferenceDatasetSpec["quality"], { pairs }: ProfileResult): QualityVerdict | undefined {
  if (pairs >= minPairs) return undefined;
  return { met: false, reason: "TooFewPairs", message: `${pairs} pairs are left, quality.minPairs is ${minPairs}` };
}

function disagreement(
  { agreement }: PreferenceDatasetSpec["quality"],
  { quality }: ProfileResult,
): QualityVerdict | undefined {
  if (agreement === undefined) return undefined;
  if (quality.agreement === null) {
    const message = `no pair was judged by two labelers, so quality.agreement.min (${agreement.min}) cannot be checked: let labelers overlap`;
    return { met: false, reason: "AgreementUnknown", message };
  }
  if (quality.agreement.value >= parseDecimal(agreement.min)) return undefined;
  const value = quality.agreement.value.toFixed(2);
  return {
    met: false,
    reason: "LabelersDisagree",
    message: `Krippendorff's alpha is ${value}, quality.agreement.min is ${agreement.min}`,
  };
}

function stale(
  { freshness }: PreferenceDatasetSpec["quality"],
  { quality }: ProfileResult,
): QualityVerdict | undefined {
  if (freshness === undefined) return undefined;
  if (quality.medianAgeSeconds === null) {
    const message = `no preference says when it was labelled, so quality.freshness.maxMedianAge (${freshness.maxMedianAge}) cannot be checked: send labeledAt`;
    return { met: false, reason: "AgeUnknown", message };
  }
  if (quality.medianAgeSeconds * 1000 <= parseDuration(freshness.maxMedianAge)) return undefined;
  const age = formatAge(quality.medianAgeSeconds * 1000);
  return {
    met: false,
    reason: "TooOld",
    message: `the median age of labels is ${age}, quality.freshness.maxMedianAge is ${freshness.maxMedianAge}`,
  };
}
