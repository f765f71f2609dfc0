import type { Observed } from "../observed.ts";
import { routeKindOf } from "../route-kind-of.ts";

/** Why the canary cannot have the route that it needs, and what to do about it. */
export interface Hindrance {
  /** As in conditions. */
  readonly reason: string;
  readonly message: string;
}

export function routeHindrance({ canary, route, isRouteKindServed }: Observed): Hindrance | undefined {
  const { kind, name, isGits } = routeKindOf(canary);
  if (!isRouteKindServed) {
    const whose = kind === "HTTPRoute" ? "of Gateway API" : "of Istio";
    const remedy = `install the CRDs ${whose}, give the manager the rule of its ClusterRole for them, or create a PreferenceCanary with another kind of spec.traffic`;
    return {
      reason: "RouteKindNotInstalled",
      message: `The API server does not know ${kind}, or does not let the manager list it: ${remedy}`,
    };
  }
  if (isGits && route === undefined) {
    const remedy = "make it, with the rule to be adopted";
    return { reason: "RouteNotFound", message: `There is no ${kind} ${name} in this namespace to adopt: ${remedy}` };
  }
  if (route?.adoption?.problem !== undefined)
    return { reason: "RouteNotAdoptable", message: `${kind} ${name} cannot be adopted: ${route.adoption.problem}` };
  if (route?.isOurs !== false || isGits) return undefined;
  const remedy = "delete it, or name the canary differently";
  return {
    reason: "RouteTaken",
    message: `${kind === "HTTPRoute" ? "An" : "A"} ${kind} ${name} that is not this operator's stands in the way: ${remedy}`,
  };
}
