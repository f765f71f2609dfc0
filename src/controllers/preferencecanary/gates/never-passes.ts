import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import { formatCount } from "../../../gates/figures.ts";
import { fewestToPass, winRateTest } from "../../../gates/win-rate.ts";
import { COMPARISONS, RATINGS } from "../../../gates/wording.ts";
import { shared } from "./shared.ts";
import { type ThresholdSettings, thresholdSpec } from "./two-thresholds.ts";
import { sharedOut } from "./win-rate.ts";

/**
 * Why no candidate could ever be promoted by these gates, with what would have to change; undefined where one could. No
 * run begins by such a spec: it would cost pods, and raters' time, for a verdict that is known before.
 */
export function neverPasses({ spec }: Pick<PreferenceCanary, "spec">): string | undefined {
  const { winRate, compliance } = spec.gates;
  const { candidates } = spec.model;
  const ofOne = candidates === undefined ? winRate : sharedOut(winRate, candidates.length);
  return (
    tooFew("winRate", ofOne, COMPARISONS.record) ?? (compliance && tooFew("compliance", compliance, RATINGS.record))
  );
}

function tooFew(gate: string, settings: ThresholdSettings, record: string): string | undefined {
  const { min, target, falsePromotion, maxSamples } = settings;
  if (maxSamples === undefined) return undefined;
  const fewest = fewestOf(settings);
  if (fewest <= maxSamples) return undefined;
  return `gates.${gate} can never pass: with every one of them for the candidate it takes ${formatCount(fewest, record)} at min ${min}, target ${target} and falsePromotion ${falsePromotion}, and maxSamples is ${maxSamples}. Set maxSamples to ${fewest} or more, or take it out`;
}

const fewestOf = shared((settings: ThresholdSettings) => fewestToPass(winRateTest(thresholdSpec(settings))));
