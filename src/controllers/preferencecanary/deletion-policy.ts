import { armName } from "../../traffic/names.ts";
import { removeArm } from "./cleanup-policy.ts";
import type { Advice } from "./effect.ts";
import type { Facts } from "./facts.ts";
import type { Observed } from "./observed.ts";
import { routeKindOf } from "./route-kind-of.ts";

/** Sampler, judge and all arms but stable; stable too when it is to go with its canary, but not before its route. */
export function dismantle({ observed, run }: Facts): Advice {
  const { arms, route } = observed;
  const others = [...arms].filter(([revision]) => revision !== run.stable).map(([, arm]) => arm);
  const stable = run.stable === undefined ? undefined : arms.get(run.stable);
  const doomed = isRetained(observed) || route?.isOurs || stable === undefined ? [] : [stable];
  for (const arm of [observed.sampler, observed.judge, ...others, ...doomed]) {
    const advice = removeArm(observed, arm);
    if (advice !== undefined) return advice;
  }
  return undefined;
}

/** The route goes when stable alone is left behind it. */
export function deleteRoute({ observed, run }: Facts): Advice {
  const { route } = observed;
  if (isRetained(observed) || route === undefined || route.terminating || !route.isOurs) return undefined;
  if (route.adoption !== undefined) return undefined;
  if (!isAlone(observed, run.stable)) return undefined;
  return { effect: { type: "DeleteRoute", kind: routeKindOf(observed.canary).kind, uid: route.uid } };
}

/** What outlives the canary must be free to be deleted by whoever owns it then. */
export function freeStable({ observed, run }: Facts): Advice {
  const service = run.stable === undefined ? undefined : observed.arms.get(run.stable)?.service;
  if (service === undefined || !service.held || !isRetained(observed)) return undefined;
  return { effect: { type: "ReleaseService", name: service.object.metadata.name } };
}

/** Retained, verdicts stay with what they are about: a canary that is made again does not try a rejected model again. */
export function deleteRecords({ observed }: Facts): Advice {
  const [revision] = isRetained(observed) ? [] : observed.records.keys();
  if (revision === undefined) return undefined;
  return { effect: { type: "DeleteRecord", name: armName(observed.canary.metadata.name, revision) } };
}

/** Last of all. A route that is gone, with its namespace or by hand, holds nothing up: it is never made again. */
export function letGo({ observed, run }: Facts): Advice {
  const { route } = observed;
  if (route?.adoption !== undefined && route.isOurs && !route.terminating) return undefined;
  const isOver = isRetained(observed) ? isAlone(observed, run.stable) : isAlone(observed, undefined) && !route?.isOurs;
  return isOver ? { effect: { type: "RemoveFinalizer" } } : undefined;
}

function isRetained({ canary }: Observed): boolean {
  return canary.spec.deletionPolicy === "Retain";
}

/** Whether nothing is left but this arm. */
function isAlone({ sampler, judge, arms }: Observed, revision: string | undefined): boolean {
  const helpers = [sampler.deployment, sampler.service, judge.deployment];
  return helpers.every((helper) => helper === undefined) && [...arms.keys()].every((other) => other === revision);
}
