import type { Arm, Role } from "./observed.ts";

/** What is known of an arm. Of one whose pods somebody else runs nothing says more than its answers. */

/** Everything of it is there, whether or not it answers. */
export function isComplete({ deployment, isExternal }: Arm): boolean {
  return isExternal ?? deployment?.ready ?? false;
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

export function roleOf({ deployment, service }: Arm): Role | undefined {
  return deployment?.role ?? service?.role;
}
