import { armName } from "../../../traffic/names.ts";
import type { Rejection, Verdicts } from "../../../traffic/route-kind.ts";
import {
  ALMOST_WHOLE,
  nextRouteMove,
  type RouteMove,
  type Slot,
  type Slots,
  type Standing,
  weightIn,
} from "../../../traffic/slots.ts";
import { isComplete, isReachable } from "../arms/arm-state.ts";
import { canCarry } from "../arms/pods.ts";
import { coldReason } from "../arms/warm-up.ts";
import type { Advice, RouteWriting } from "../effect.ts";
import type { Facts } from "../facts.ts";
import { routeKindOf } from "../route-kind-of.ts";
import { isHeldByForeignWrite } from "../run/foreign-write.ts";
import { toRetry } from "../run/run.ts";
import { giveBack, isWithGit, takeOver } from "./adoption-policy.ts";
import { isDeleted, sinceOf, writeRoute } from "./route-effect.ts";
import { goalsOf } from "./traffic-goals.ts";

/** Somebody else's change of the route may have to stand. */
export function moveTraffic(facts: Facts): Advice {
  return heldWrite(facts) === undefined ? nextWrite(facts) : undefined;
}

/** What would be written next, if somebody else's change of the route were not to stand. */
export function heldWrite(facts: Facts): RouteWriting | undefined {
  if (!isHeldByForeignWrite(facts.observed) || isOutranked(facts)) return undefined;
  const advice = nextWrite(facts);
  return advice !== undefined && "effect" in advice && advice.effect.type === "WriteRoute" ? advice.effect : undefined;
}

/**
 * Requests are not left with whom they must not go to, whatever was chosen: a candidate that is taken back now, or cannot
 * answer, and whoever was rejected before.
 */
function isOutranked({ observed, run: { candidate }, rejection, isServing }: Facts): boolean {
  if (rejection !== undefined) return true;
  const { route, records, canary } = observed;
  const isNamed = (revision: string) => route?.names.has(armName(canary.metadata.name, revision)) ?? false;
  if (candidate !== undefined && (candidate.state !== "Running" || !isServing) && isNamed(candidate.revision))
    return true;
  return [...records.values()].some(({ revision, verdict }) => verdict === "RolledBack" && isNamed(revision));
}

/** Who serves next. A route that is Git's is taken over before, and given back at the end. */
function nextWrite(facts: Facts): Advice {
  const { observed, run } = facts;
  const { route } = observed;
  if (route?.adoption !== undefined && isDeleted(observed)) return giveBack(facts, route);
  const stable = run.stable ?? firstReady(facts);
  if (stable === undefined || route?.terminating) return undefined;
  if (route !== undefined && isWithGit(route)) return takeOver(facts, route, stable);
  if (route === undefined) return mayBeMade(observed) ? moveSlots(facts, stable) : undefined;
  return route.isOurs && route.adoption?.problem === undefined ? moveSlots(facts, stable) : undefined;
}

function mayBeMade(observed: Facts["observed"]): boolean {
  return observed.isRouteKindServed && !isDeleted(observed) && !routeKindOf(observed.canary).isGits;
}

function moveSlots(facts: Facts, stable: string): Advice {
  const { route } = facts.observed;
  const standing = route === undefined ? [] : [route.slots, ...route.ways];
  const move = nextMoves(facts, stable, standing, sinceOf(route));
  return writeRoute(facts, move, verdictsOf(facts, stable, move.rules));
}

/** Everything is given in all rules at once or in none: users would have it for a moment, and then not. An order waits for pods. */
function nextMoves(facts: Facts, stable: string, standing: readonly (Slots | undefined)[], since: Standing): RouteMove {
  const whole = nextRouteMove(standing, since, goalsOf(facts, stable, true));
  if (!facts.isPromotable || (isWhole(facts, whole.rules) && takesAll(facts))) return whole;
  const entry = nextRouteMove(standing, since, goalsOf(facts, stable, false));
  const waits = [whole.waitMs, entry.waitMs].filter((ms) => ms !== undefined);
  return { ...entry, ...(waits.length > 0 && { waitMs: Math.min(...waits) }) };
}

/** One that has everybody's requests already takes them, however its pods are now. */
function takesAll({ observed: { arms, canary, route }, run: { candidate } }: Facts): boolean {
  if (candidate === undefined) return false;
  const { revision } = candidate;
  const isServingAll = route?.slots !== undefined && weightIn(route.slots, revision) === ALMOST_WHOLE;
  return isServingAll || canCarry(arms.get(revision) ?? {}, canary, 100);
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
    target && arm && isComplete(arm) && isReachable(arm) && coldReason(observed, target.revision) === undefined;
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
