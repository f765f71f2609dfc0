import { MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { HTTPRoute } from "../../kube/gateway-api.ts";
import { keyOf, keyString, type Stored } from "../../kube/object.ts";
import { namedServices, readSlots, readVerdicts, slotsRule, unservedReason } from "../../traffic/http-route.ts";
import type { Finding } from "../../traffic/inquiries.ts";
import { type Liveness, liveness } from "../../traffic/liveness.ts";
import type { Asked } from "../../traffic/probing.ts";
import type { Settling } from "../../traffic/settling.ts";
import { epochOf, type Slots } from "../../traffic/slots.ts";
import { covers } from "./covers.ts";
import { ARM_PORT } from "./desired.ts";
import type { Route } from "./observed.ts";

/** A canary that is to go waits for a gateway this long: then what is behind it went wrong, and may go. */
const PATIENCE_MS = 60_000;

/** A route that is ours is asked for as long as answers do not show its weights. */
export function askedOfRoute(object: Stored<HTTPRoute> | undefined): Pick<Asked, "route"> {
  const slots = object && readSlots(object, object.metadata.name);
  return object && slots && isOurs(object) ? { route: { object, epoch: epochOf(slots) } } : {};
}

export function readRoute(
  canary: PreferenceCanary,
  object: Stored<HTTPRoute>,
  weights: Finding | undefined,
  settling: Settling,
): Route {
  const { name, uid, resourceVersion, deletionTimestamp } = object.metadata;
  const slots = readSlots(object, name);
  const names = namedServices(object);
  const key = keyString(keyOf(object));
  const unserved = unservedReason(object);
  const unchangedMs = settling.unchangedMs(key, "slots", `${uid} ${JSON.stringify(slots)}`);
  return {
    object,
    uid,
    resourceVersion,
    isOurs: isOurs(object),
    terminating: deletionTimestamp !== undefined,
    ...(slots && { slots }),
    unchangedMs,
    namesUnchangedMs: settling.unchangedMs(key, "names", `${uid} ${[...names].toSorted().join()}`),
    ...readVerdicts(object),
    names,
    live: patient(canary, liveness(weights, unchangedMs), unchangedMs),
    isMeddled: isAttachedElsewhere(canary, object) || !isRuleOf(slots, object),
    ...(unserved !== undefined && { unserved }),
  };
}

/** A spec that has just changed is not yet what the route says; otherwise somebody else has moved it. */
function isAttachedElsewhere({ metadata, spec, status }: PreferenceCanary, route: HTTPRoute): boolean {
  if (status?.observedGeneration !== metadata.generation) return false;
  const { parentRefs, hostnames = [] } = spec.traffic.httpRoute;
  return !covers(route.spec, { parentRefs, hostnames });
}

function isRuleOf(slots: Slots | undefined, { metadata, spec }: HTTPRoute): boolean {
  return slots !== undefined && covers(spec.rules?.[0], slotsRule(metadata.name, ARM_PORT, slots));
}

function isOurs(object: HTTPRoute): boolean {
  const isLabelled = Object.entries(MANAGED_BY).every(([label, value]) => object.metadata.labels?.[label] === value);
  return isLabelled || readVerdicts(object).stable !== undefined;
}

function patient({ metadata }: PreferenceCanary, live: Liveness, unchangedMs: number): Liveness {
  if (metadata.deletionTimestamp === undefined || live.inMs !== undefined) return live;
  return { ...live, inMs: Math.max(0, PATIENCE_MS - unchangedMs) };
}
