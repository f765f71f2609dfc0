import type { PreferenceCanary, PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";

/** Gates that ask other systems, of which nobody here knows what they will say. */
const ASKED: readonly string[] = ["metrics", "webhook"] satisfies (keyof PreferenceCanarySpec["gates"])[];

export interface Simulated {
  readonly canary: PreferenceCanary;
  /** Gates of the file that were left out, as its fields are called. */
  readonly left: readonly string[];
}

/** The canary as if those gates had passed: without them, and without a step that requires them. */
export function withoutAsked(canary: PreferenceCanary): Simulated {
  const { metrics, webhook, ...gates } = canary.spec.gates;
  const left = [...(metrics ? ["gates.metrics"] : []), ...(webhook ? ["gates.webhook"] : [])];
  const steps = canary.spec.steps.map(({ requires = [], ...step }) => {
    const others = requires.filter((gate) => !ASKED.includes(gate));
    return { ...step, ...(others.length > 0 && { requires: others }) };
  });
  return { canary: { ...canary, spec: { ...canary.spec, gates, steps } }, left };
}
