import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import { neverPasses } from "../gates/never-passes.ts";

/** Whether a run may, by the spec of now. */
export function mayBegin(canary: Pick<PreferenceCanary, "spec">): boolean {
  return !canary.spec.suspend && neverPasses(canary) === undefined;
}
