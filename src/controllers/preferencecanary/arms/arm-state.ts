import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import type { Arm, Role } from "../observed.ts";

/** What is known of an arm. Of one whose pods somebody else runs nothing says more than its answers. */

/** Everything of it is there, whether or not it answers. */
export function isComplete({ deployment, inferenceService, isExternal }: Arm): boolean {
  if (isExternal || deployment === undefined || inferenceService === undefined)
    return isExternal ?? deployment?.ready ?? false;
  return deployment.ready && inferenceService.ready && deployment.available >= inferenceService.minPods;
}

/** Some of it can take requests, as far as is known of one that took some before. */
export function isAvailable({ deployment, isExternal, answer }: Arm): boolean {
  if (isExternal) return answer === undefined || answer.type === "Confirmed";
  return deployment !== undefined && deployment.available > 0;
}

/**
 * What is against its next pod, in the words of Pod Security, a quota or a policy: there is no pod then that could say it,
 * and whoever makes the pods goes on trying.
 */
export function podsRefused({ deployment }: Arm): string | undefined {
  const conditions = deployment?.object.status?.conditions ?? [];
  return conditions.find(({ type, status }) => type === "ReplicaFailure" && status === "True")?.message;
}

export function isReachable({ service }: Arm): boolean {
  return service !== undefined && !service.terminating;
}

/** Nothing is left of it that the operator has yet to take away, as far as that can be seen. */
export function isGone({ deployment, inferenceService, service, isHidden }: Arm): boolean {
  if (isHidden) return false;
  const isMade = inferenceService === undefined ? deployment !== undefined : !inferenceService.terminating;
  return !isMade && service === undefined;
}

/** RFC 3339; absent while nothing of it is there that stays. */
export function createdAt({ deployment, inferenceService, service }: Arm): string | undefined {
  if (inferenceService?.terminating) return undefined;
  return (inferenceService ?? deployment ?? service)?.object.metadata.creationTimestamp;
}

/** When its pods were first asked for in this run; absent while there is nothing that could make one. */
export function startedAt({ deployment, inferenceService }: Arm): Date | undefined {
  const { creationTimestamp } = (inferenceService ?? deployment)?.object.metadata ?? {};
  return inferenceService?.terminating || creationTimestamp === undefined ? undefined : new Date(creationTimestamp);
}

/** When it last came closer to being ready; absent while there is nothing that could. */
export function progressedAt({ deployment, inferenceService }: Arm): Date | undefined {
  if (inferenceService?.terminating) return undefined;
  const { creationTimestamp } = inferenceService?.object.metadata ?? {};
  return deployment?.progressedAt ?? (creationTimestamp === undefined ? undefined : new Date(creationTimestamp));
}

/** "1 of 4 pods"; of an InferenceService KServe says how many there are to be. */
export function podsIn({ deployment, inferenceService }: Arm, { spec }: PreferenceCanary): string {
  const wanted = Math.max(deployment?.object.spec?.replicas ?? spec.replicas, inferenceService?.minPods ?? 1);
  return `${deployment?.available ?? 0} of ${wanted} pods`;
}

/** KServe's Deployment has the labels of its template. */
export function roleOf({ deployment, inferenceService, service }: Arm): Role | undefined {
  return (inferenceService === undefined ? deployment?.role : undefined) ?? service?.role;
}
