import { MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { HTTPRoute } from "../../kube/gateway-api.ts";
import { keyOf, keyString, type Stored } from "../../kube/object.ts";
import {
  namedServices,
  readSlots,
  readVerdicts,
  readWays,
  slotsRule,
  unservedReason,
} from "../../traffic/http-route.ts";
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
  if (object === undefined || slots === undefined || !isOurs(object)) return {};
  return { route: { object, epoch: epochOf(slots, standingWays(object)) } };
}

export function readRoute(
  canary: PreferenceCanary,
  object: Stored<HTTPRoute>,
  weights: Finding | undefined,
  settling: Settling,
): Route {
  const { name, uid, resourceVersion, deletionTimestamp } = object.metadata;
  const slots = readSlots(object, name);
  const ways = readWays(object, name);
  const names = namedServices(object);
  const key = keyString(keyOf(object));
  const unserved = unservedReason(object);
  const unchangedMs = settling.unchangedMs(key, "slots", `${uid} ${JSON.stringify([slots, ...ways])}`);
  return {
    object,
    uid,
    resourceVersion,
    isOurs: isOurs(object),
    terminating: deletionTimestamp !== undefined,
    ...(slots && { slots }),
    ways,
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

function isRuleOf(slots: Slots | undefined, object: HTTPRoute): boolean {
  const arms = { canary: object.metadata.name, port: ARM_PORT };
  return slots !== undefined && covers(object.spec.rules?.[0], slotsRule(arms, slots, standingWays(object)));
}

/** One that a stranger has spoilt is in no epoch: it is made anew, and then it is. */
function standingWays(object: HTTPRoute): readonly Slots[] {
  return readWays(object, object.metadata.name).filter((slots) => slots !== undefined);
}

function isOurs(object: HTTPRoute): boolean {
  const isLabelled = Object.entries(MANAGED_BY).every(([label, value]) => object.metadata.labels?.[label] === value);
  return isLabelled || readVerdicts(object).stable !== undefined;
}

function patient({ metadata }: PreferenceCanary, live: Liveness, unchangedMs: number): Liveness {
  if (metadata.deletionTimestamp === undefined || live.inMs !== undefined) return live;
  return { ...live, inMs: Math.max(0, PATIENCE_MS - unchangedMs) };
}
