import { ANNOTATION } from "../../api/v1alpha1/metadata.ts";
import type { EventNote } from "../../kube/events.ts";
import { ORIGINAL } from "../../traffic/route-kind.ts";
import { ALMOST_WHOLE, type Goal, nextRouteMove, TRACE, weightIn } from "../../traffic/slots.ts";
import { isAvailable, isReachable } from "./arm-state.ts";
import type { Advice } from "./effect.ts";
import type { Facts } from "./facts.ts";
import type { Route } from "./observed.ts";
import { sinceOf, writeRoute } from "./route-effect.ts";
import { routeKindOf } from "./route-kind-of.ts";

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
  if (slots === undefined) return { effect: restored(facts, route) ?? letGo(route) };
  if (weightIn(slots, ORIGINAL) < ALMOST_WHOLE) return backToGit(facts, route, slots);
  if (route.live.inMs !== 0) return route.live.inMs === undefined ? undefined : { waitMs: route.live.inMs };
  return { effect: restored(facts, route) ?? letGo(route) };
}

function restored({ observed }: Facts, route: Route) {
  const write = routeKindOf(observed.canary).giveBack?.(route.object);
  return write && ({ type: "GiveRouteBack", write } as const);
}

function letGo({ object, uid }: Route) {
  return { type: "LetRouteGo", name: object.metadata.name, uid } as const;
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
  const note = heldNote(route);
  return { waitMs: LOOK_AGAIN_MS, ...(note && { note }) };
}

const LOOK_AGAIN_MS = 10_000;

function whyHeld({ adoption, original, object }: Route): string | undefined {
  const route = `HTTPRoute ${object.metadata.name}`;
  const name = adoption?.original?.name;
  if (name === undefined) return `what Git had in ${route} is not known any more: let Git write it again`;
  if (original === undefined || original.type === "Confirmed") return undefined;
  return `Git's Service ${name} is to have the requests of ${route} again, and does not answer (${original.words}): give it pods`;
}

/** Nothing before Git's Service was heard of. */
function heldNote(held: Route): EventNote | undefined {
  const why = whyHeld(held);
  if (why === undefined) return undefined;
  const rest = `or take the annotation ${ANNOTATION.adopted} off the route, and it stays as it is`;
  return { type: "Warning", reason: "RouteHeld", action: "GiveRouteBack", note: `The canary waits: ${why}; ${rest}` };
}
