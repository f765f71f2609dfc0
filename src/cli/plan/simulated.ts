import type { PreferenceCanary, PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { gatesAmong } from "../../controllers/preferencecanary/gates/gates.ts";

/** Gates that ask other systems, of which nobody here knows what they will say. */
const ASKED: readonly string[] = ["metrics", "webhook"] satisfies (keyof PreferenceCanarySpec["gates"])[];

export interface Simulated {
  readonly canary: PreferenceCanary;
  /** What was left out of the file, as its fields are called. */
  readonly left: readonly string[];
}

/** The canary as if those gates had passed: without them, without a step that requires them, and without what is counted. */
export function withoutAsked(canary: PreferenceCanary): Simulated {
  const { maxExposure, ...spec } = canary.spec;
  const { metrics, webhook, ...gates } = spec.gates;
  const left = [
    ...(metrics ? ["gates.metrics"] : []),
    ...(webhook ? ["gates.webhook"] : []),
    ...(maxExposure ? ["spec.maxExposure"] : []),
  ];
  const steps = canary.spec.steps.map(({ requires = [], ...step }) => {
    const others = requires.filter((gate) => !ASKED.includes(gate));
    return { ...step, ...(others.length > 0 && { requires: others }) };
  });
  return { canary: { ...canary, spec: { ...spec, gates, steps } }, left };
}

/** Of several models one as if it alone were asked for, judged at its part of the rates from its first comparison on. */
export function oneOfSeveral(canary: PreferenceCanary): PreferenceCanary {
  const { selection: _over, model, ...spec } = canary.spec;
  if (model.candidates === undefined) return canary;
  const gates = gatesAmong(spec, model.candidates.length);
  return { ...canary, spec: { ...spec, gates, model: { fromJobs: {} } } };
}
