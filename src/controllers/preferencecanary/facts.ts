import type { PreferenceCanarySpec } from "../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../api/v1alpha1/quantity.ts";
import { combineVerdicts, type Verdict } from "../../gates/verdict.ts";
import type { CanarySettings } from "./desired.ts";
import type { Evidence } from "./evidence.ts";
import { metricsOfBoth } from "./gate-names.ts";
import { foldGates, type GateStatus, rememberedGates, watchedGates } from "./gates.ts";
import type { Observed } from "./observed.ts";
import { type Orders, readOrders } from "./orders.ts";
import { rejectionOf } from "./rejection.ts";
import type { Candidate, Run } from "./run.ts";
import { type Shares, sharesIn } from "./shares.ts";
import { type Silence, silentFrom } from "./silence.ts";
import { nextStep, type Progress, progressOf, stepsOf, WATCH } from "./steps.ts";
import { type Wait, waitsOf } from "./waits.ts";

/** All that the rules decide on: what was seen, and what follows from it. */
export interface Facts {
  readonly observed: Observed;
  readonly run: Run;
  readonly settings: CanarySettings;
  readonly now: Date;
  /** Of the candidate; none without one. */
  readonly gates: readonly GateStatus[];
  /** Of all gates together. */
  readonly verdict?: Verdict;
  /** Why a running candidate is taken back now, in words. */
  readonly rejection?: string;
  /** The candidate gets no further as long as there is a reason. */
  readonly hold?: Hold;
  /** Of a running candidate whose pods are there. */
  readonly progress?: Progress;
  /** What has to happen before the step is left, beside `hold`. */
  readonly waits: readonly Wait[];
  /** When something will have changed although nobody changes it. */
  readonly alarms: readonly Date[];
  /** The candidate is given everything now: the last step is over and every gate has passed, or somebody ordered it. */
  readonly isPromotable: boolean;
  /** The candidate can answer requests: all its pods at first, at least one of them from then on. */
  readonly isServing: boolean;
  /** Its pods were all ready once. */
  readonly hasEntered: boolean;
  /** When that was. */
  readonly entered?: Date;
  /** When it first served users. */
  readonly served?: Date;
  /** Since when its gates could have heard something. */
  readonly silence?: Silence;
  /** By which its ratings are counted. */
  readonly shares?: Shares;
}

/** Why a candidate that has not failed gets no further. */
export type Hold =
  | "Suspended"
  | "Paused"
  | "DeadlineExceeded"
  | "Mismatch"
  | "NoData"
  | "Shifting"
  | "Unread"
  | "NotReady";

const WITHOUT_CANDIDATE = {
  gates: [],
  waits: [],
  alarms: [],
  isPromotable: false,
  isServing: false,
  hasEntered: false,
} as const;

export function gatherFacts(
  observed: Observed,
  run: Run,
  evidence: Evidence,
  settings: CanarySettings,
  now: Date,
): Facts {
  const common = { observed, run, settings, now };
  const { candidate } = run;
  if (candidate === undefined || run.stable === undefined) return { ...common, ...WITHOUT_CANDIDATE };
  const { canary } = observed;
  const { spec } = canary;
  const entry = entryOf(observed, candidate, now);
  const place = placeOf(observed, candidate, entry, now);
  const served = servedOf(observed, candidate, place);
  const silence = silenceOf(spec, entry, served, place);
  const remembered = rememberedGates(observed, run);
  const { retriedAt } = observed.records.get(candidate.revision) ?? {};
  const shares = sharesIn(place);
  const look = { silence, shares, now, retriedAt: retriedAt === undefined ? undefined : new Date(retriedAt) };
  const folded = foldGates(spec, candidate, remembered, evidence, look);
  const verdict = combineVerdicts(folded.map((gate) => gate.verdict));
  const orders = readOrders(canary, candidate.revision);
  const deadline = place?.step.name === WATCH ? undefined : deadlineOf(observed, candidate);
  const isOverdue = deadline !== undefined && deadline <= now;
  const rejection = rejectionOf({ spec, gates: folded, orders, silence, isOverdue }, now);
  const hold = holdOf(observed, { verdict, evidence, orders, isOverdue, isServing: entry.isServing });
  const judged = {
    ...common,
    ...entry,
    ...(served && { served }),
    ...(silence && { silence }),
    ...(shares && { shares }),
    verdict,
    ...(rejection !== undefined && { rejection }),
    ...(hold && { hold }),
  };
  if (candidate.state !== "Running" || place === undefined)
    return { ...judged, gates: folded, waits: [], alarms: [], isPromotable: false };
  const isRecorded = isOnRecord(remembered);
  const isReady = observed.arms.get(candidate.revision)?.deployment?.ready ?? false;
  const waits = waitsOf(
    { canary, candidate, progress: place, gates: folded, verdict, isReady, isRecorded, orders },
    now,
  );
  const mayMove = hold === undefined && rejection === undefined && waits.length === 0;
  const next = mayMove ? nextStep(place, stepsOf(canary)) : undefined;
  const isOrdered = orders.promote && entry.isServing && rejection === undefined && !spec.suspend;
  return {
    ...judged,
    gates: isPromotedNow(canary, next ?? place) ? watchedGates(spec, candidate, folded) : folded,
    progress: next ?? place,
    waits,
    isPromotable: isOrdered || (mayMove && next === undefined),
    alarms: alarmsOf({ waits, deadline, gates: folded, silence }, now),
  };
}

/**
 * Whether the numbers that promote stand in status. Nobody is promoted by numbers that a crash could lose; a rollback
 * does not wait for that, its reason goes with the traffic.
 */
function isOnRecord(remembered: readonly GateStatus[]): boolean {
  return remembered.length > 0 && remembered.every(({ verdict }) => verdict === "Pass");
}

/** It has just been given all requests, and is judged anew from here on. */
function isPromotedNow({ status }: Observed["canary"], { step }: Progress): boolean {
  return step.name === WATCH && status?.step?.name !== WATCH;
}

/** The step that the candidate is in; undefined before its pods were there. */
function placeOf({ canary, route }: Observed, { revision }: Candidate, entry: Entry, now: Date): Progress | undefined {
  if (!entry.isServing && !entry.hasEntered) return undefined;
  const weight = route?.slots?.find((slot) => slot.revision === revision)?.weight ?? 0;
  return progressOf({ canary, revision, weight, isServing: entry.isServing }, now);
}

type Entry = Pick<Facts, "isServing" | "hasEntered" | "entered">;

function entryOf({ canary, arms }: Observed, { revision }: Candidate, now: Date): Entry {
  const { deployment, service } = arms.get(revision) ?? {};
  const { status } = canary;
  const isKnown = status?.candidate?.revision === revision;
  const hasEntered = isKnown && status.step !== undefined;
  const isReady = deployment !== undefined && (hasEntered ? deployment.available > 0 : deployment.ready);
  const isServing = isReady && service !== undefined && !service.terminating;
  const remembered = isKnown ? status.candidate?.entered : undefined;
  const entered = remembered === undefined ? (isServing ? now : undefined) : new Date(remembered);
  return { hasEntered, isServing, ...(entered && { entered }) };
}

/** Remembered, since every step's weight is stored anew. */
function servedOf({ canary }: Observed, { revision }: Candidate, place: Progress | undefined): Date | undefined {
  const { candidate } = canary.status ?? {};
  const remembered = candidate?.revision === revision ? candidate.served : undefined;
  if (remembered !== undefined) return new Date(remembered);
  return place !== undefined && place.step.weight > 0 ? place.since : undefined;
}

/** In the watch stable serves nobody any more, so nothing new can be rated against it. */
function silenceOf(
  { onNoData, gates }: PreferenceCanarySpec,
  { entered }: Entry,
  served: Date | undefined,
  place: Progress | undefined,
): Silence | undefined {
  if (entered === undefined) return undefined;
  const isAlone = place?.step.name === WATCH;
  const times = served && { served, ...(!isAlone && { bothServed: served }) };
  return { since: entered, ...times, metricsOfBoth: metricsOfBoth(gates), limitMs: parseDuration(onNoData.after) };
}

/** A run begins with its candidate's Deployment. */
function deadlineOf({ canary, arms }: Observed, { revision }: Candidate): Date | undefined {
  const { deadline } = canary.spec;
  const created = arms.get(revision)?.deployment?.object.metadata.creationTimestamp;
  if (deadline === undefined || created === undefined) return undefined;
  return new Date(Date.parse(created) + parseDuration(deadline));
}

interface HoldInputs {
  readonly verdict: Verdict;
  readonly evidence: Evidence;
  readonly orders: Orders;
  readonly isOverdue: boolean;
  readonly isServing: boolean;
}

function holdOf(
  { canary }: Observed,
  { verdict, evidence, orders, isOverdue, isServing }: HoldInputs,
): Hold | undefined {
  if (canary.spec.suspend) return "Suspended";
  if (orders.pause) return "Paused";
  if (isOverdue) return "DeadlineExceeded";
  if (verdict === "Mismatch" || verdict === "NoData" || verdict === "Shifting") return verdict;
  const { comparisons, checks, ratings, answers } = evidence;
  const { safety, compliance, regression, mismatch } = canary.spec.gates;
  const isRated = compliance !== undefined || regression !== undefined || mismatch !== undefined;
  const collected = [comparisons, ...(safety ? [checks] : []), ...(isRated ? [ratings] : [])];
  const streams = [...collected, ...Object.values(answers)];
  if (streams.some(({ access }) => access.type === "Unread")) return "Unread";
  return isServing ? undefined : "NotReady";
}

interface AlarmInputs {
  readonly waits: readonly Wait[];
  readonly deadline: Date | undefined;
  readonly gates: readonly GateStatus[];
  readonly silence: Silence | undefined;
}

function alarmsOf({ waits, deadline, gates, silence }: AlarmInputs, now: Date): readonly Date[] {
  const silent = gates.map((gate) => silentFrom(gate, silence));
  const dates = [...waits.map(({ until }) => until), deadline, ...silent];
  return dates.filter((at) => at !== undefined).filter((at) => at > now);
}
