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

export function isReachable({ service }: Arm): boolean {
  return service !== undefined && !service.terminating;
}

export function roleOf({ deployment, service }: Arm): Role | undefined {
  return deployment?.role ?? service?.role;
}
