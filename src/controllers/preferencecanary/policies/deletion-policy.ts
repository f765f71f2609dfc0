import { LABEL } from "../../../api/v1alpha1/metadata.ts";
import { armName } from "../../../traffic/names.ts";
import { isGone } from "../arms/arm-state.ts";
import { backedService } from "../desired.ts";
import type { Advice } from "../effect.ts";
import type { Facts } from "../facts.ts";
import type { Arm, Observed, Route } from "../observed.ts";
import { routeKindOf } from "../route-kind-of.ts";
import { keepService } from "./arm-policy.ts";
import { removeArm } from "./cleanup-policy.ts";

/**
 * A canary that has its own route leaves stable behind, with that route, or nothing. Of one that had adopted a route what
 * that still names stays, and nothing else.
 */

/** Sampler, judge and all arms but stable; stable too when it is to go with its canary, but not before its route. */
export function dismantle({ observed, run }: Facts): Advice {
  const { arms, route } = observed;
  const others = [...arms].filter(([revision]) => revision !== run.stable).map(([, arm]) => arm);
  const stable = run.stable === undefined ? undefined : arms.get(run.stable);
  const doomed = isStableKept(observed) || route?.isOurs || stable === undefined ? [] : [stable];
  for (const arm of [observed.sampler, observed.judge, ...others, ...doomed]) {
    const advice = removeArm(observed, arm);
    if (advice !== undefined) return advice;
  }
  return undefined;
}

/** The route goes when stable alone is left behind it. */
export function deleteRoute({ observed, run }: Facts): Advice {
  const { canary, route, arms } = observed;
  if (isStableKept(observed) || isAdopting(observed) || !route?.isOurs || route.terminating) return undefined;
  const stable = run.stable === undefined ? undefined : arms.get(run.stable);
  if (!isLeft(observed, stable === undefined ? [] : [stable])) return undefined;
  return { effect: { type: "DeleteRoute", kind: routeKindOf(canary).kind, uid: route.uid } };
}

/** What outlives the canary must be free to be deleted by whoever owns it then, and find its pods without anybody's help. */
export function freeSurvivors(facts: Facts): Advice {
  const arm = survivors(facts).find(({ service }) => service?.held);
  if (arm?.service === undefined) return undefined;
  const { name } = arm.service.object.metadata;
  return keepFinding(facts.observed, arm) ?? { effect: { type: "ReleaseService", name } };
}

/** Nobody will follow what Knative makes of its pods. */
function keepFinding({ canary }: Observed, { service, inferenceService }: Arm): Advice {
  const { backing, lastingSelector: selector } = inferenceService ?? {};
  const revision = service?.object.metadata.labels?.[LABEL.revision];
  if (backing === undefined || selector === undefined || revision === undefined) return undefined;
  return keepService(service, backedService(canary, revision, service?.role, { ...backing, selector }));
}

/** Retained, verdicts stay with what they are about: a canary that is made again does not try a rejected model again. */
export function deleteRecords({ observed }: Facts): Advice {
  // What cannot be seen of an arm is known from its record alone.
  const isKept = isRetained(observed) || [...observed.arms.values()].some(({ isHidden }) => isHidden);
  const [revision] = isKept ? [] : observed.records.keys();
  if (revision === undefined) return undefined;
  return { effect: { type: "DeleteRecord", name: armName(observed.canary.metadata.name, revision) } };
}

/** Last of all. A route that is gone, with its namespace or by hand, holds nothing up: it is never made again. */
export function letGo(facts: Facts): Advice {
  const { observed } = facts;
  const mayStand = isStableKept(observed) || !observed.route?.isOurs;
  return mayStand && isLeft(observed, survivors(facts)) ? { effect: { type: "RemoveFinalizer" } } : undefined;
}

function survivors({ observed, run }: Facts): readonly Arm[] {
  const { arms, sampler, route } = observed;
  if (isAdopting(observed)) {
    const isFinal = route !== undefined && !route.isOurs;
    return isFinal ? [sampler, ...arms.values()].filter((arm) => isNamed(route, arm)) : [];
  }
  const stable = run.stable === undefined ? undefined : arms.get(run.stable);
  return isStableKept(observed) && stable !== undefined ? [stable] : [];
}

function isNamed({ names }: Route, { service, deployment }: Arm): boolean {
  const object = service?.object ?? deployment?.object;
  return object !== undefined && names.has(object.metadata.name);
}

/** Nothing but these. */
function isLeft({ sampler, judge, arms }: Observed, kept: readonly Arm[]): boolean {
  const others = [sampler, judge, ...arms.values()].filter((arm) => !kept.includes(arm));
  return others.every(isGone);
}

function isAdopting({ canary }: Observed): boolean {
  return routeKindOf(canary).isGits === true;
}

function isRetained({ canary }: Observed): boolean {
  return canary.spec.deletionPolicy === "Retain";
}

/** Whatever the route says: the canary's own stays with it. */
function isStableKept(observed: Observed): boolean {
  return isRetained(observed) && !isAdopting(observed);
}
