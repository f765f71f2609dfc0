import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { adoptedRoute } from "../../traffic/adopted-route.ts";
import { ownedRoute } from "../../traffic/http-route.ts";
import type { RouteKind } from "../../traffic/route-kind.ts";
import { virtualService } from "../../traffic/virtual-service.ts";
import { ARM_PORT } from "./desired.ts";

/** The kind of object that the canary's spec wants to carry its traffic. */
export function routeKindOf({ metadata: { name, namespace }, spec }: PreferenceCanary): RouteKind {
  const arms = { canary: name, namespace, port: ARM_PORT };
  const { httpRoute, istio } = spec.traffic;
  if (istio !== undefined) {
    const { hosts, gateways } = istio.virtualService;
    return virtualService(arms, { hosts, gateways });
  }
  const { adopt, parentRefs = [], hostnames = [] } = httpRoute ?? {};
  if (adopt !== undefined) return adoptedRoute(arms, adopt);
  return ownedRoute(arms, { parentRefs, hostnames });
}
