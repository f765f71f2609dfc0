import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { gatesAmong } from "../../controllers/preferencecanary/gates/gates.ts";

/** The canary as if nobody counted what the candidate serves: how many requests there are is not known here. */
export function withoutExposure(canary: PreferenceCanary): PreferenceCanary {
  const { maxExposure: _left, ...spec } = canary.spec;
  return { ...canary, spec };
}

/** Of several models one as if it alone were asked for, judged at its part of the rates from its first comparison on. */
export function oneOfSeveral(canary: PreferenceCanary): PreferenceCanary {
  const { selection: _over, model, ...spec } = canary.spec;
  if (model.candidates === undefined) return canary;
  const gates = gatesAmong(spec, model.candidates.length);
  return { ...canary, spec: { ...spec, gates, model: { fromJobs: {} } } };
}
