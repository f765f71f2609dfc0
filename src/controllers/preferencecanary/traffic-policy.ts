import { covers } from "../../runtime/covers.ts";
import type { Rejection, RouteIntent, RouteKind, Verdicts } from "../../traffic/route-kind.ts";
import {
  ALMOST_WHOLE,
  nextRouteMove,
  type RouteMove,
  type Slot,
  type Slots,
  type Standing,
  stableAlone,
} from "../../traffic/slots.ts";
import type { Advice } from "./effect.ts";
import type { Facts } from "./facts.ts";
import type { Arm, Observed, Route } from "./observed.ts";
import { routeKindOf } from "./route-kind-of.ts";
import { toRetry } from "./run.ts";
import { mirrorPercent } from "./sampling.ts";
import { askedOf, goalsOf } from "./traffic-goals.ts";
import { coldReason } from "./warm-up.ts";

/**
 * The one rule that writes the route. Traffic, and the verdict that moves it, are one write; a write that gives an arm
 * more carries the version it was decided on, one that only takes an arm out does not.
 */
export function moveTraffic(facts: Facts): Advice {
  const { observed, run } = facts;
  const { route } = observed;
  const stable = run.stable ?? firstReady(facts);
  if (stable === undefined || route?.terminating || route?.isOurs === false) return undefined;
  if (route === undefined && isDeleted(observed)) return undefined;
  const standing = route === undefined ? [] : [route.slots, ...route.ways];
  const since = { unchangedMs: route?.unchangedMs ?? 0, liveInMs: route?.live.inMs };
  const { rules, withdraws, waitMs } = nextMoves(facts, stable, standing, since);
  const verdicts = verdictsOf(facts, stable, rules);
  const intent = routeIntent(facts, rules, verdicts);
  const kind = routeKindOf(observed.canary);
  if (route !== undefined && stands(kind, route, intent)) return waitMs === undefined ? undefined : { waitMs };
  const isNewlyRejected = verdicts.rejected?.revision !== route?.rejected?.revision && verdicts.rejected !== undefined;
  const isConditional = !isNewlyRejected && !withdraws;
  const write = kind.write(intent, route?.object, isConditional);
  return {
    effect: { type: "WriteRoute", intent, write, isConditional, ...(route?.isMeddled && { undoes: route.words }) },
  };
}

/** Everything is given in all rules at once or in none: users would have it for a moment, and then not. */
function nextMoves(facts: Facts, stable: string, standing: readonly (Slots | undefined)[], since: Standing): RouteMove {
  const whole = nextRouteMove(standing, since, goalsOf(facts, stable, true));
  if (!facts.isPromotable || isWhole(facts, whole.rules)) return whole;
  const entry = nextRouteMove(standing, since, goalsOf(facts, stable, false));
  const waits = [whole.waitMs, entry.waitMs].filter((ms) => ms !== undefined);
  return { ...entry, ...(waits.length > 0 && { waitMs: Math.min(...waits) }) };
}

/** The candidate has everything in each of the rules. */
function isWhole({ run: { candidate } }: Facts, rules: readonly Slots[]): boolean {
  const isGiven = ({ revision, weight }: Slot) => revision === candidate?.revision && weight === ALMOST_WHOLE;
  return rules.every((slots) => slots.some(isGiven));
}

/** The first revision needs no gate: it serves as soon as all of it is there. */
function firstReady({ observed, run }: Facts): string | undefined {
  const { target } = run;
  const arm = target && observed.arms.get(target.revision);
  const isUp =
    target && arm?.deployment?.ready && isReachable(arm) && coldReason(observed, target.revision) === undefined;
  return isUp ? target.revision : undefined;
}

function verdictsOf(facts: Facts, stable: string, rules: readonly Slots[]): Verdicts {
  const { candidate } = facts.run;
  const rejection = rejected(facts);
  return {
    stable: candidate !== undefined && isWhole(facts, rules) && facts.isPromotable ? candidate.revision : stable,
    ...(rejection && { rejected: rejection }),
  };
}

/** A new one replaces the last, whose verdict its ControllerRevision has held for long; `retry` lifts it. */
function rejected({ observed, run: { candidate }, rejection }: Facts): Rejection | undefined {
  if (candidate?.state === "Running" && rejection !== undefined)
    return { revision: candidate.revision, reason: rejection };
  const standing = observed.route?.rejected;
  return standing?.revision === toRetry(observed) ? undefined : standing;
}

function routeIntent({ observed }: Facts, rules: readonly Slots[], verdicts: Verdicts): RouteIntent {
  const { canary, sampler } = observed;
  const isUp = sampler.deployment !== undefined && sampler.deployment.available > 0 && isReachable(sampler);
  const canMirror = isUp && !isDeleted(observed);
  const [slots = stableAlone(verdicts.stable), ...ways] = rules;
  return {
    slots,
    asked: askedOf(canary),
    ways,
    ...verdicts,
    ...(canMirror && { mirrorPercent: mirrorPercent(canary.spec.evidence.comparisons) }),
  };
}

function isDeleted({ canary }: Observed): boolean {
  return canary.metadata.deletionTimestamp !== undefined;
}

function isReachable({ service }: Arm): boolean {
  return service !== undefined && !service.terminating;
}

/** Everything but a rejection can be compared by what is wanted; that one has to be seen when it goes. */
function stands(kind: RouteKind, route: Route, intent: RouteIntent): boolean {
  const wanted = kind.wanted(intent, route.object);
  return covers(route.object, wanted) && route.rejected?.revision === intent.rejected?.revision;
}
