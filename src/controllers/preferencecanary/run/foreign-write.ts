import type { Observed } from "../observed.ts";
import { isRouteResumed } from "./orders.ts";

/**
 * Somebody else's change of the route is to stand: the spec says Hold, and nobody has ordered that it be written back. A
 * canary that is to go writes its route whoever has changed it.
 */
export function isHeldByForeignWrite({ canary, route }: Observed): boolean {
  if (canary.spec.traffic.onForeignWrite !== "Hold" || !route?.isMeddled) return false;
  const { deletionTimestamp } = canary.metadata;
  return deletionTimestamp === undefined && !isRouteResumed(canary, route.object.metadata.generation ?? 0);
}
