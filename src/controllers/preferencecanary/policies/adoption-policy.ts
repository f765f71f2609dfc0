import { ANNOTATION } from "../../../api/v1alpha1/metadata.ts";
import { ORIGINAL } from "../../../traffic/route-kind.ts";
import { ALMOST_WHOLE, type Goal, nextRouteMove, TRACE, weightIn } from "../../../traffic/slots.ts";
import { isAvailable, isReachable } from "../arms/arm-state.ts";
import type { Advice } from "../effect.ts";
import type { Facts } from "../facts.ts";
import type { Observed, Route } from "../observed.ts";
import { routeKindOf } from "../route-kind-of.ts";
import { sinceOf, writeRoute } from "./route-effect.ts";

/**
 * A route that Git owns leads to a Service of Git's before a canary adopts it, and again when the canary goes. Both ways
 * are gone as a candidate's is: one serves until the other one does.
 */

/** Git's backend has the requests: nobody has taken them over yet, or whoever did has lost every trace of it. */
export function isWithGit({ adoption, stable, slots }: Route): boolean {
  return adoption !== undefined && stable === undefined && (slots === undefined || weightIn(slots, ORIGINAL) > TRACE);
}

/** `arm`: the revision that is to serve, which is ready if it is the first. */
export function takeOver(facts: Facts, route: Route, arm: string): Advice {
  if (route.adoption?.problem !== undefined || !isThere(facts, arm)) return undefined;
  const goal: Goal = { stable: ORIGINAL, guest: { revision: arm, weight: ALMOST_WHOLE } };
  const move = nextRouteMove([route.slots], sinceOf(route), [goal]);
  const isOver = move.rules.some((slots) => weightIn(slots, arm) === ALMOST_WHOLE);
  const { rejected } = route;
  return writeRoute(facts, move, { stable: isOver ? arm : ORIGINAL, ...(rejected && { rejected }) });
}

function isThere({ observed }: Facts, revision: string): boolean {
  const arm = observed.arms.get(revision);
  return arm !== undefined && isAvailable(arm) && isReachable(arm);
}

/** The canary is to go, and with it what it has written into the route. */
export function giveBack(facts: Facts, route: Route): Advice {
  if (!route.isOurs || route.terminating) return undefined;
  const { slots } = route;
  if (slots === undefined) return restoreOrLetGo(facts, route);
  if (weightIn(slots, ORIGINAL) < ALMOST_WHOLE) return backToGit(facts, route, slots);
  if (route.live.inMs !== 0) return route.live.inMs === undefined ? undefined : { waitMs: route.live.inMs };
  return restoreOrLetGo(facts, route);
}

/** One that still leads to the canary's Services, where nobody knows what it is to lead to, is no one to let go. */
function restoreOrLetGo({ observed }: Facts, route: Route): Advice {
  const write = routeKindOf(observed.canary).giveBack?.(route.object);
  if (write !== undefined) return { effect: { type: "GiveRouteBack", write } };
  const [name] = namedArms(observed, route);
  if (name !== undefined) return held(route, whyNotFreed(route, name));
  return { effect: { type: "LetRouteGo", name: route.object.metadata.name, uid: route.uid } };
}

/** Git's own Service may be called as an arm is. */
function namedArms({ canary, sampler, arms }: Observed, { names, adoption }: Route): readonly string[] {
  const { name: gits, namespace } = adoption?.original ?? {};
  const isGits = (name: string) => name === gits && namespace === canary.metadata.namespace;
  return [sampler, ...arms.values()]
    .flatMap(({ service }) => service?.object.metadata.name ?? [])
    .filter((name) => names.has(name) && !isGits(name));
}

/** The candidate goes first; then Git's backend comes in, if it answers. */
function backToGit(facts: Facts, route: Route, slots: NonNullable<Route["slots"]>): Advice {
  const { stable = ORIGINAL, rejected } = route;
  const canServe = route.original?.type === "Confirmed" || weightIn(slots, ORIGINAL) > 0;
  const guest = { revision: ORIGINAL, weight: ALMOST_WHOLE };
  const goal: Goal = stable === ORIGINAL || !canServe ? { stable } : { stable, guest };
  const move = nextRouteMove([slots], sinceOf(route), [goal]);
  const advice = writeRoute(facts, move, { stable, ...(rejected && { rejected }) });
  if (advice !== undefined || canServe) return advice;
  return held(route, whyNotServed(route));
}

const LOOK_AGAIN_MS = 10_000;

/** Without words while Git's Service was not heard of. */
function held({ object }: Route, why: string | undefined): Advice {
  if (why === undefined) return { waitMs: LOOK_AGAIN_MS };
  const rest = `or take the annotation ${ANNOTATION.adopted} off HTTPRoute ${object.metadata.name}, and it stays as it is`;
  const note = `The canary waits: ${why}; ${rest}`;
  return { waitMs: LOOK_AGAIN_MS, note: { type: "Warning", reason: "RouteHeld", action: "GiveRouteBack", note } };
}

function whyNotServed({ adoption, original, object }: Route): string | undefined {
  const route = `HTTPRoute ${object.metadata.name}`;
  const name = adoption?.original?.name;
  if (name === undefined) return `what Git had in ${route} is not known any more: let Git write it again`;
  if (original === undefined || original.type === "Confirmed") return undefined;
  return `Git's Service ${name} is to have the requests of ${route} again, and does not answer (${original.words}): give it pods`;
}

function whyNotFreed({ adoption, object }: Route, arm: string): string {
  const named = `HTTPRoute ${object.metadata.name} still leads to ${arm}`;
  if (adoption?.problem !== undefined) return `${named}, and its rule is not found any more: ${adoption.problem}`;
  return `${named}, and what Git had there is not known: let Git write that rule again`;
}
