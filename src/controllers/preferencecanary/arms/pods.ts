import type { PreferenceCanary, PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { comparedPercent } from "../evidence/sampling.ts";
import type { Arm } from "../observed.ts";

type Scale = Pick<PreferenceCanarySpec, "replicas" | "minCandidateReplicas" | "evidence">;

/**
 * How many pods a candidate needs beside `replicas` that serve everything, when it gets `percent` of the requests: what the
 * sampler asks it comes on top, since an answer that is late for want of pods is counted as one that was lost.
 */
export function podsFor({ replicas, minCandidateReplicas, evidence }: Scale, percent: number): number {
  const share = Math.min(100, percent + comparedPercent(evidence.comparisons));
  return Math.min(replicas, Math.max(minCandidateReplicas, Math.ceil((replicas * share) / 100)));
}

/** Whether an arm's pods can take `percent` of the requests. How many those of somebody else's, and KServe's, are to be is not ours to say. */
export function canCarry(arm: Arm, { spec }: PreferenceCanary, percent: number): boolean {
  if (arm.isExternal || arm.inferenceService !== undefined) return true;
  return (arm.deployment?.available ?? 0) >= podsFor(spec, percent);
}
