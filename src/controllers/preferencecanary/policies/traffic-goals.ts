import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import { ALMOST_WHOLE, type Goal, type Slot, TRACE, weightIn } from "../../../traffic/slots.ts";
import { type Asked, type Way, waysOf } from "../../../traffic/ways.ts";
import { canCarry } from "../arms/pods.ts";
import type { Facts } from "../facts.ts";
import { boundedWeight, isBounded } from "../run/exposure.ts";
import { routeWeight, type Step } from "../run/steps.ts";

/**
 * Who should serve in each rule of the route, in the order of the rules: everybody's first. `isWhole`: all rules can give
 * the candidate everything in one write; until they can, one that is to be promoted is only let in everywhere.
 */
export function goalsOf(facts: Facts, stable: string, isWhole: boolean): readonly Goal[] {
  const isGiven = facts.isPromotable && isWhole;
  const guest = guestOf(facts, isGiven);
  const everybody = guest !== undefined && guest.weight > 0 ? { stable, guest } : { stable };
  const ways = waysOf(askedOf(facts.observed.canary));
  return [everybody, ...ways.map((way) => wayGoal(way, isGiven, stable, guest))];
}

/** What the spec lets requests say about the arm that they want. */
export function askedOf({ spec }: PreferenceCanary): Asked {
  const { httpRoute, istio } = spec.traffic;
  const { testers, sticky } = istio?.virtualService ?? httpRoute ?? {};
  const { cookie, header } = sticky ?? {};
  const kept = cookie && { name: cookie.name, maxAge: Math.ceil(parseDuration(cookie.maxAge) / 1000) };
  return {
    ...(testers && { testers }),
    ...(sticky && { sticky: { ...(kept && { cookie: kept }), ...(header && { header }) } }),
  };
}

/** The candidate with what it has of everybody's requests, which is nothing in a shadow step; absent when it must not serve. */
function guestOf(facts: Facts, isGiven: boolean): Slot | undefined {
  const { observed, run, rejection, isServing, isPromotable, progress } = facts;
  const { candidate } = run;
  if (observed.canary.metadata.deletionTimestamp !== undefined || rejection !== undefined) return undefined;
  if (candidate?.state !== "Running" || !isServing || progress === undefined) return undefined;
  const weight = Math.max(stepWeight(facts, progress.step, candidate.revision), isPromotable ? TRACE : 0);
  return { revision: candidate.revision, weight: isGiven ? ALMOST_WHOLE : weight };
}

/** What the step gives it, or as much of that as its pods can take and keeps its exposure bounded. */
function stepWeight({ observed, exposure, gates }: Facts, step: Step, revision: string): number {
  const { canary, arms, route } = observed;
  const current = route?.slots === undefined ? 0 : weightIn(route.slots, revision);
  // Git may give a step more than it had, or the canary more pods, when the candidate has what it needed before.
  const isTaken = canCarry(arms.get(revision) ?? {}, canary, step.weight);
  const wanted = isTaken ? routeWeight(step) : Math.min(routeWeight(step), current);
  if (exposure === undefined || !isBounded(exposure, step, gates)) return wanted;
  return boundedWeight(wanted, exposure.cap, current);
}

/**
 * Where stable is meant, the candidate is let in as far as nobody notices, so that one write can give it everything:
 * sessions go with everybody's requests, and testers see stable as long as there is one beside the candidate.
 */
function wayGoal({ of, to }: Way, isGiven: boolean, stable: string, guest: Slot | undefined): Goal {
  if (guest === undefined) return { stable };
  const { revision, weight } = guest;
  if (to === "Candidate") return { stable, guest: { revision, weight: ALMOST_WHOLE } };
  if (weight === 0) return { stable };
  const isOver = of === "Testers" ? isGiven : weight === ALMOST_WHOLE;
  return { stable, guest: { revision, weight: isOver ? ALMOST_WHOLE : TRACE } };
}
