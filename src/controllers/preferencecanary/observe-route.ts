import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { type KubeObject, keyOf, keyString, type Stored } from "../../kube/object.ts";
import { foreignWriter } from "../../traffic/foreign-writer.ts";
import type { Finding } from "../../traffic/inquiries.ts";
import { type Liveness, liveness } from "../../traffic/liveness.ts";
import type { Asked } from "../../traffic/probing.ts";
import { ORIGINAL, type RouteReading } from "../../traffic/route-kind.ts";
import type { Settling } from "../../traffic/settling.ts";
import { epochOf, weightIn } from "../../traffic/slots.ts";
import type { Route } from "./observed.ts";
import { routeKindOf } from "./route-kind-of.ts";

/** A canary that is to go waits for a gateway this long: then what is behind it went wrong, and may go. */
const PATIENCE_MS = 60_000;

const SLOTS = "slots";
const NAMES = "names";
/** What is counted of a route. */
export const ROUTE_ASPECTS = [SLOTS, NAMES];

/** A canary's route as it stands, with what it says. */
export interface FoundRoute {
  readonly object: Stored<KubeObject>;
  readonly reading: RouteReading;
  /** What its gateways are asked, or why they cannot be. */
  readonly asked: Pick<Asked, "route"> | { readonly problem: string };
}

/** `others`: of its kind, in its namespace. */
export function findRoute(
  canary: PreferenceCanary,
  object: Stored<KubeObject> | undefined,
  others: readonly Stored<KubeObject>[],
): FoundRoute | undefined {
  if (object === undefined) return undefined;
  const kind = routeKindOf(canary);
  const reading = letAlone(canary, kind.read(object, others));
  const { slots, ways, isOurs } = reading;
  if (slots === undefined || !isOurs) return { object, reading, asked: {} };
  const askable = kind.askable(object);
  return {
    object,
    reading,
    asked: "problem" in askable ? askable : { route: { ...askable, epoch: epochOf(slots, ways) } },
  };
}

/** Whoever takes the mark off a route while its canary goes wants it to stay as it is. */
function letAlone({ metadata }: PreferenceCanary, reading: RouteReading): RouteReading {
  const isUnmarked = reading.adoption !== undefined && !reading.adoption.isMarked;
  return metadata.deletionTimestamp !== undefined && isUnmarked ? { ...reading, isOurs: false } : reading;
}

export function readRoute(
  canary: Stored<PreferenceCanary>,
  { object, reading, asked }: FoundRoute,
  { weights, original }: { readonly weights?: Finding | undefined; readonly original?: Finding | undefined },
  settling: Settling,
): Route {
  const { uid, deletionTimestamp } = object.metadata;
  const { slots, ways, names } = reading;
  // Of two canaries that name one route each reads other slots in it, so that neither may reset the other's clock.
  const key = keyString(keyOf(canary));
  const unchangedMs = settling.unchangedMs(key, SLOTS, `${uid} ${JSON.stringify([slots, ...ways])}`);
  const writer = foreignWriter(object);
  const finding = "problem" in asked ? ({ type: "Unanswered", words: asked.problem } as const) : weights;
  return {
    ...reading,
    object,
    uid,
    terminating: deletionTimestamp !== undefined,
    unchangedMs,
    namesUnchangedMs: settling.unchangedMs(key, NAMES, `${uid} ${[...names].toSorted().join()}`),
    live: patient(canary, liveness(finding, unchangedMs), unchangedMs),
    ...(original && { original }),
    ...(writer && { writer }),
    isMeddled: reading.isSpoilt || isMoved(canary, object, reading) || hasLostMark(canary, reading),
  };
}

/**
 * It is attached to something else. A spec that has just changed is not yet what the route says, unless that was somebody
 * else's before.
 */
function isMoved(
  { metadata, status }: PreferenceCanary,
  { metadata: { generation } }: KubeObject,
  { isAttached }: RouteReading,
): boolean {
  const isSettled = status?.observedGeneration === metadata.generation;
  const isForeign = status?.foreignWrite !== undefined && status.foreignWrite.generation === generation;
  return !isAttached && (isSettled || isForeign);
}

/** A route of Git's that had been adopted: somebody has put everything back as Git has it. */
function hasLostMark({ status }: PreferenceCanary, { adoption, isOurs }: RouteReading): boolean {
  return adoption !== undefined && adoption.problem === undefined && !isOurs && status?.stable !== undefined;
}

/** The Service that Git names is asked before it gets requests again. */
export function askedOfOriginal({ metadata }: PreferenceCanary, found: FoundRoute | undefined): Asked["arms"] {
  const { adoption, slots, isOurs } = found?.reading ?? {};
  if (metadata.deletionTimestamp === undefined || !isOurs || slots === undefined) return [];
  if (adoption?.original === undefined) return [];
  const { name, namespace, port } = adoption.original;
  return weightIn(slots, ORIGINAL) > 0 ? [] : [{ revision: ORIGINAL, address: `${name}.${namespace}.svc`, port }];
}

function patient({ metadata }: PreferenceCanary, live: Liveness, unchangedMs: number): Liveness {
  if (metadata.deletionTimestamp === undefined || live.inMs !== undefined) return live;
  return { ...live, inMs: Math.max(0, PATIENCE_MS - unchangedMs) };
}
