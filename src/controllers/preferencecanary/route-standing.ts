import type { Observed } from "./observed.ts";
import { routeKindOf } from "./route-kind-of.ts";

/** Why the canary cannot have the route that it needs, and what to do about it. */
export interface Hindrance {
  /** As in conditions. */
  readonly reason: string;
  readonly message: string;
}

export function routeHindrance({ canary, route }: Observed): Hindrance | undefined {
  const { kind, name, isGits } = routeKindOf(canary);
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
    message: `An ${kind} ${name} that is not this operator's stands in the way: ${remedy}`,
  };
}
