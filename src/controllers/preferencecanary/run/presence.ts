import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import type { Liveness } from "../../../traffic/liveness.ts";
import { weightIn } from "../../../traffic/slots.ts";
import { isAvailable, isComplete, isReachable } from "../arms/arm-state.ts";
import { coldReason } from "../arms/warm-up.ts";
import type { Silence } from "../evidence/silence.ts";
import { metricsOfBoth } from "../gates/gate-names.ts";
import type { Observed } from "../observed.ts";
import { knownContender } from "../selection/contenders.ts";
import type { Candidate } from "./run.ts";
import { type Progress, progressOf } from "./steps.ts";

/** Whether and since when a candidate answers, whom, and what could have been heard of it. */
export interface Presence extends Entry {
  /** The step that it is in; absent before its pods were there. */
  readonly place?: Progress;
  /** When it first served users. */
  readonly served?: Date;
  /** Since when its gates could have heard something. */
  readonly silence?: Silence;
}

export interface Entry {
  /** It can answer requests: all its pods at first, and asked; at least one of them from then on. */
  readonly isServing: boolean;
  /** Its pods were all ready once. */
  readonly hasEntered: boolean;
  /** When that was. */
  readonly entered?: Date;
}

export function presenceOf(observed: Observed, stable: string, candidate: Candidate, now: Date): Presence {
  const entry = entryOf(observed, stable, candidate, now);
  const place = placeOf(observed, candidate, entry, now);
  const served = servedOf(observed, candidate, place);
  const silence = silenceOf(observed, entry, served, place);
  return { ...entry, ...(place && { place }), ...(served && { served }), ...(silence && { silence }) };
}

function entryOf(observed: Observed, stable: string, { revision }: Candidate, now: Date): Entry {
  const arm = observed.arms.get(revision) ?? {};
  const { status } = observed.canary;
  const isKnown = status?.candidate?.revision === revision;
  // Just chosen: its pods were all there when it became a contender. Its clocks begin with the choice all the same.
  const contended = knownContender(observed, stable, revision);
  const hasEntered = isKnown ? status.step !== undefined : contended?.entered !== undefined;
  const isAllThere = isComplete(arm) && coldReason(observed, revision) === undefined;
  const isServing = (hasEntered ? isAvailable(arm) : isAllThere) && isReachable(arm);
  const remembered = isKnown ? status.candidate?.entered : undefined;
  const entered = remembered === undefined ? (isServing ? now : undefined) : new Date(remembered);
  return { hasEntered, isServing, ...(entered && { entered }) };
}

/** There is no weight without a route. */
const NOTHING_STORED: Liveness = { isVerified: false, inMs: 0 };

function placeOf({ canary, route }: Observed, { revision }: Candidate, entry: Entry, now: Date): Progress | undefined {
  if (!entry.isServing && !entry.hasEntered) return undefined;
  const weight = route?.slots === undefined ? 0 : weightIn(route.slots, revision);
  const live = route?.live ?? NOTHING_STORED;
  const isMeddled = route?.isMeddled ?? false;
  return progressOf({ canary, revision, weight, live, isServing: entry.isServing, isMeddled }, now);
}

/** Remembered, since every step's weight becomes live anew. Of one that is taken back no weight does any more. */
function servedOf(
  { canary }: Observed,
  { revision, state, firstServed }: Candidate,
  place: Progress | undefined,
): Date | undefined {
  const { candidate } = canary.status ?? {};
  const remembered = candidate?.revision === revision ? candidate.served : undefined;
  const known = remembered ?? (state === "Running" ? undefined : firstServed);
  if (known !== undefined) return new Date(known);
  return place !== undefined && place.step.weight > 0 ? place.since : undefined;
}

/** Where the candidate has all requests stable serves nobody, so nothing new can be rated against it. */
function silenceOf(
  { canary }: Observed,
  { entered }: Entry,
  served: Date | undefined,
  place: Progress | undefined,
): Silence | undefined {
  if (entered === undefined) return undefined;
  const isAlone = place?.step.weight === 100;
  const times = served && { served, ...(!isAlone && { bothServed: served }) };
  const { onNoData, gates } = canary.spec;
  return { since: entered, ...times, metricsOfBoth: metricsOfBoth(gates), limitMs: parseDuration(onNoData.after) };
}
