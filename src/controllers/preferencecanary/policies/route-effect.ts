import { timestamp } from "../../../runtime/conditions.ts";
import { covers } from "../../../runtime/covers.ts";
import type { Contest, RouteIntent, RouteKind, Verdicts } from "../../../traffic/route-kind.ts";
import { type RouteMove, type Standing, stableAlone, TRACE } from "../../../traffic/slots.ts";
import { isReachable } from "../arms/arm-state.ts";
import type { Advice } from "../effect.ts";
import { mirrorPercent } from "../evidence/sampling.ts";
import type { Facts } from "../facts.ts";
import type { Observed, Route } from "../observed.ts";
import { routeKindOf } from "../route-kind-of.ts";
import { askedOf } from "./traffic-goals.ts";

/**
 * The one place that writes a route. Traffic, and the verdict that moves it, are one write; a write that gives an arm
 * more carries the version it was decided on, one that only takes an arm out does not.
 */
export function writeRoute(facts: Facts, { rules, withdraws, waitMs }: RouteMove, verdicts: Verdicts): Advice {
  const { route, canary } = facts.observed;
  const wanted = routeIntent(facts.observed, rules, verdicts);
  const kind = routeKindOf(canary);
  if (route !== undefined && stands(kind, route, wanted)) return waitMs === undefined ? undefined : { waitMs };
  const intent = route?.isMeddled ? { ...wanted, contested: contestOf(route, facts.now) } : wanted;
  const isNewlyRejected = verdicts.rejected?.revision !== route?.rejected?.revision && verdicts.rejected !== undefined;
  const isConditional = !isNewlyRejected && !withdraws;
  const isRollback = isNewlyRejected || (withdraws && route !== undefined && serveOthers(route, verdicts.stable));
  const write = kind.write(intent, route?.object, isConditional);
  const undoes = route?.isMeddled ? { undoes: route.words } : {};
  return { effect: { type: "WriteRoute", intent, write, isConditional, isRollback, ...undoes } };
}

/** Whether an arm other than stable has more than a trace of any requests. */
function serveOthers({ slots, ways }: Route, stable: string): boolean {
  return [slots, ...ways].some((rule) => rule?.some(({ revision, weight }) => revision !== stable && weight > TRACE));
}

/** Annotations and status are kept short. */
function contestOf({ words }: Route, now: Date): Contest {
  return { at: timestamp(now), words: words.slice(0, 768) };
}

/** How the slots of the route stand, as those see it who move them. */
export function sinceOf(route: Route | undefined): Standing {
  return { unchangedMs: route?.unchangedMs ?? 0, liveInMs: route?.live.inMs };
}

export function isDeleted({ canary }: Observed): boolean {
  return canary.metadata.deletionTimestamp !== undefined;
}

function routeIntent(observed: Observed, rules: RouteMove["rules"], verdicts: Verdicts): RouteIntent {
  const { canary, sampler, route } = observed;
  const contested = route?.contested;
  const isUp = sampler.deployment !== undefined && sampler.deployment.available > 0 && isReachable(sampler);
  const canMirror = isUp && !isDeleted(observed);
  const [slots = stableAlone(verdicts.stable), ...ways] = rules;
  return {
    slots,
    asked: askedOf(canary),
    ways,
    ...verdicts,
    ...(contested && { contested }),
    ...(canMirror && { mirrorPercent: mirrorPercent(canary.spec.evidence.comparisons) }),
  };
}

/** Everything but a rejection can be compared by what is wanted; that one has to be seen when it goes. */
function stands(kind: RouteKind, route: Route, intent: RouteIntent): boolean {
  const wanted = kind.wanted(intent, route.object);
  return covers(route.object, wanted) && route.rejected?.revision === intent.rejected?.revision;
}
