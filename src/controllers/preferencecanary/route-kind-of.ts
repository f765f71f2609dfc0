import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { adoptedRoute } from "../../traffic/adopted-route.ts";
import { ownedRoute } from "../../traffic/http-route.ts";
import type { RouteKind } from "../../traffic/route-kind.ts";
import { ARM_PORT } from "./desired.ts";

/** The kind of object that the canary's spec wants to carry its traffic. */
export function routeKindOf({ metadata: { name, namespace }, spec }: PreferenceCanary): RouteKind {
  const arms = { canary: name, namespace, port: ARM_PORT };
  const { adopt, parentRefs = [], hostnames = [] } = spec.traffic.httpRoute;
  if (adopt !== undefined) return adoptedRoute(arms, adopt);
  return ownedRoute(arms, { parentRefs, hostnames });
}
