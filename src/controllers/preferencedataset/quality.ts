import type { PreferenceDatasetSpec } from "../../api/v1alpha1/preference-dataset.ts";
import { parseDecimal, parseDuration } from "../../api/v1alpha1/quantity.ts";
import type { Measurements } from "./measurements.ts";

type Quality = PreferenceDatasetSpec["quality"];

/** Whether a snapshot may be trained on; reason and message become the QualityMet condition as they are. */
export interface QualityVerdict {
  readonly met: boolean;
  readonly reason: string;
  readonly message: string;
}

/** The first requirement that is not met decides. Unknown is not met: no evidence is not good evidence. */
export function meetsQuality(spec: Quality, pairs: number, measured: Measurements): QualityVerdict {
  const missed = tooFew(spec, pairs) ?? disagreement(spec, measured) ?? stale(spec, measured);
  return missed ?? { met: true, reason: "QualityMet", message: `${pairs} pairs meet spec.quality` };
}

function tooFew({ minPairs }: Quality, pairs: number): QualityVerdict | undefined {
  if (pairs >= minPairs) return undefined;
  return { met: false, reason: "TooFewPairs", message: `${pairs} pairs are left, quality.minPairs is ${minPairs}` };
}

function disagreement({ agreement: asked }: Quality, { agreement }: Measurements): QualityVerdict | undefined {
  if (asked === undefined) return undefined;
  if (agreement === undefined) {
    const message = `no pair was judged by two labelers, so quality.agreement.min (${asked.min}) cannot be checked: let labelers overlap`;
    return { met: false, reason: "AgreementUnknown", message };
  }
  if (parseDecimal(agreement.value) >= parseDecimal(asked.min)) return undefined;
  return {
    met: false,
    reason: "LabelersDisagree",
    message: `Krippendorff's alpha is ${agreement.value}, quality.agreement.min is ${asked.min}`,
  };
}

function stale({ freshness }: Quality, { medianAge }: Measurements): QualityVerdict | undefined {
  if (freshness === undefined) return undefined;
  if (medianAge === undefined) {
    const message = `no preference says when it was labelled, so quality.freshness.maxMedianAge (${freshness.maxMedianAge}) cannot be checked: send labeledAt`;
    return { met: false, reason: "AgeUnknown", message };
  }
  if (parseDuration(medianAge) <= parseDuration(freshness.maxMedianAge)) return undefined;
  return {
    met: false,
    reason: "TooOld",
    message: `the median age of labels is ${medianAge}, quality.freshness.maxMedianAge is ${freshness.maxMedianAge}`,
  };
}
