import { httpRoute, type Rejection, type RouteIntent, type Verdicts } from "../../traffic/http-route.ts";
import { ALMOST_WHOLE, type Goal, nextMove, type Slots, stableAlone } from "../../traffic/slots.ts";
import { covers } from "./covers.ts";
import { ARM_PORT } from "./desired.ts";
import type { Advice } from "./effect.ts";
import type { Facts } from "./facts.ts";
import type { Arm, Observed, Route } from "./observed.ts";
import { toRetry } from "./run.ts";
import { mirrorPercent } from "./sampling.ts";
import { routeWeight } from "./steps.ts";
import { coldReason } from "./warm-up.ts";

/**
 * The one rule that writes the route. Traffic, and the verdict that moves it, are one write; a write that gives an arm
 * more carries the version it was decided on, one that only takes away does not.
 */
export function moveTraffic(facts: Facts): Advice {
  const { observed, run } = facts;
  const { route } = observed;
  const stable = run.stable ?? firstReady(facts);
  if (stable === undefined || route?.terminating || route?.isOurs === false) return undefined;
  if (route === undefined && isDeleted(observed)) return undefined;
  const goal = goalOf(facts, stable);
  const move =
    route?.slots && nextMove(route.slots, { unchangedMs: route.unchangedMs, liveInMs: route.live.inMs }, goal);
  const slots = move?.type === "Write" ? move.slots : (route?.slots ?? stableAlone(stable));
  const verdicts = verdictsOf(facts, stable, slots);
  const intent = routeIntent(facts, slots, verdicts);
  if (route === undefined) return { effect: { type: "WriteRoute", intent } };
  if (stands(route, intent)) return move?.type === "Wait" && move.ms !== undefined ? { waitMs: move.ms } : undefined;
  const { uid, resourceVersion } = route;
  const isNewlyRejected = verdicts.rejected?.revision !== route.rejected?.revision && verdicts.rejected !== undefined;
  const mayOverwrite = isNewlyRejected || (move?.type === "Write" && move.withdraws);
  const condition = { uid, ...(!mayOverwrite && { resourceVersion }) };
  return {
    effect: { type: "WriteRoute", intent, ...condition, ...(route.isMeddled && { undoes: wordsOf(route) }) },
  };
}

/** The first revision needs no gate: it serves as soon as all of it is there. */
function firstReady({ observed, run }: Facts): string | undefined {
  const { target } = run;
  const arm = target && observed.arms.get(target.revision);
  const isUp =
    target && arm?.deployment?.ready && isReachable(arm) && coldReason(observed, target.revision) === undefined;
  return isUp ? target.revision : undefined;
}

/** "assistant-7c9f01ab23 at 1, assistant-b41a9d5c02 at 9 for assistant.example.com" */
function wordsOf({ object: { spec } }: Route): string {
  const backends = (spec.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs);
  const weights = backends.map(({ name, weight = 1 }) => `${name} at ${weight}`).join(", ") || "no backend";
  return `${weights} for ${spec.hostnames?.join(", ") || "every host name"}`;
}

function goalOf(facts: Facts, stable: string): Goal {
  const { rejection, isServing, isPromotable, progress } = facts;
  const { candidate } = facts.run;
  if (isDeleted(facts.observed) || rejection !== undefined) return { stable };
  if (candidate?.state !== "Running" || !isServing || progress === undefined) return { stable };
  const weight = isPromotable ? ALMOST_WHOLE : routeWeight(progress.step);
  return weight === 0 ? { stable } : { stable, guest: { revision: candidate.revision, weight } };
}

function verdictsOf(facts: Facts, stable: string, slots: Slots): Verdicts {
  const { candidate } = facts.run;
  const hasWhole = slots.some(({ revision, weight }) => revision === candidate?.revision && weight === ALMOST_WHOLE);
  const rejection = rejected(facts);
  return {
    stable: candidate !== undefined && hasWhole && facts.isPromotable ? candidate.revision : stable,
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

function routeIntent({ observed }: Facts, slots: Slots, verdicts: Verdicts): RouteIntent {
  const { canary, sampler } = observed;
  const { spec, metadata } = canary;
  const isUp = sampler.deployment !== undefined && sampler.deployment.available > 0 && isReachable(sampler);
  const canMirror = isUp && !isDeleted(observed);
  return {
    canary: metadata.name,
    namespace: metadata.namespace,
    parentRefs: spec.traffic.httpRoute.parentRefs,
    hostnames: spec.traffic.httpRoute.hostnames ?? [],
    port: ARM_PORT,
    slots,
    ...verdicts,
    ...(canMirror && { mirrorPercent: mirrorPercent(spec.evidence.comparisons) }),
  };
}

function isDeleted({ canary }: Observed): boolean {
  return canary.metadata.deletionTimestamp !== undefined;
}

function isReachable({ service }: Arm): boolean {
  return service !== undefined && !service.terminating;
}

/** Everything but a rejection can be compared by what is wanted; that one has to be seen when it goes. */
function stands(route: Route, intent: RouteIntent): boolean {
  const wanted = httpRoute(intent);
  const { labels, annotations } = wanted.metadata;
  return (
    covers(route.object, { metadata: { labels, annotations }, spec: wanted.spec }) &&
    route.rejected?.revision === intent.rejected?.revision
  );
}
