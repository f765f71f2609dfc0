import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import { parseDuration } from "../../api/v1alpha1/quantity.ts";
import { combineVerdicts, type Verdict } from "../../gates/verdict.ts";
import { isTrue } from "../../runtime/conditions.ts";
import { createdAt } from "./arms/arm-state.ts";
import { canCarry } from "./arms/pods.ts";
import type { CanarySettings } from "./desired.ts";
import type { Outcome } from "./effect.ts";
import { withBaseline } from "./evidence/baseline.ts";
import type { Evidence } from "./evidence/evidence.ts";
import { type Silence, silentFrom } from "./evidence/silence.ts";
import { isUnread } from "./evidence/unread.ts";
import { foldGates, type GateStatus, rememberedGates, watchedGates } from "./gates/gates.ts";
import type { Observed } from "./observed.ts";
import { beganAt } from "./run/began.ts";
import { type Exposure, exposureOf } from "./run/exposure.ts";
import { type Hold, holdOf } from "./run/hold.ts";
import { type Orders, readOrders } from "./run/orders.ts";
import { safetyOutOfReach } from "./run/out-of-reach.ts";
import { type Presence, presenceOf } from "./run/presence.ts";
import { rejectionOf } from "./run/rejection.ts";
import type { Candidate, Run } from "./run/run.ts";
import { type Shares, sharesIn } from "./run/shares.ts";
import { nextStep, type Progress, stepsOf, WATCH } from "./run/steps.ts";
import { type Wait, waitsOf } from "./run/waits.ts";
import { type Selection, selectionOf } from "./selection/selection.ts";
import { waitsForPods } from "./standing/stand.ts";

/** All that the rules decide on: what was seen, and what follows from it. */
export interface Facts extends Omit<Presence, "place"> {
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
  /** Nothing was heard of some of the candidate's evidence yet. */
  readonly isUnread: boolean;
  /** The candidate gets no further as long as there is a reason. */
  readonly hold?: Hold;
  /** Of a running candidate whose pods are there. */
  readonly progress?: Progress;
  /** What has to happen before the step is left, beside `hold`. */
  readonly waits: readonly Wait[];
  /** When something will have changed although nobody changes it. */
  readonly alarms: readonly Date[];
  /** The candidate is given everything: the last step is over and every gate has passed, or somebody ordered it. */
  readonly isPromotable: boolean;
  /** Nothing keeps the candidate from getting further but that some of its pods are not ready. */
  readonly lacksPods?: boolean;
  /** Percent of the requests that the candidate has pods for, or is to have before it gets further. */
  readonly toCarry?: number;
  /** Why a gate cannot pass in time as evidence comes now, in words. */
  readonly outOfReach?: string;
  /** By which its ratings are counted. */
  readonly shares?: Shares;
  /** What it has served, where that is bounded. */
  readonly exposure?: Exposure;
  /** Absent before the pass has tried what it decided on. */
  readonly outcome?: Outcome;
  /** Who may become the candidate; while this goes on there is none. */
  readonly selection?: Selection;
}

const WITHOUT_CANDIDATE = {
  gates: [],
  waits: [],
  alarms: [],
  isPromotable: false,
  isServing: false,
  hasEntered: false,
  isUnread: false,
} as const;

export function gatherFacts(
  observed: Observed,
  run: Run,
  evidence: Evidence,
  settings: CanarySettings,
  now: Date,
): Facts {
  const common = { observed, run, settings, now };
  const { candidate, stable, contenders } = run;
  if (contenders !== undefined && stable !== undefined) {
    const selection = selectionOf(observed, stable, contenders, evidence, now);
    return { ...common, ...WITHOUT_CANDIDATE, selection, alarms: selection.alarms };
  }
  if (candidate === undefined || stable === undefined) return { ...common, ...WITHOUT_CANDIDATE };
  const { place, ...presence } = presenceOf(observed, stable, candidate, now);
  const remembered = rememberedGates(observed, run);
  const heard = withBaseline(observed, evidence);
  const folded = evidence.folded ?? remembered;
  const judgement = judge({ observed, candidate, evidence: heard, folded, place, presence }, now);
  const { gates, deadline: _until, orders: _given, ...judged } = judgement;
  const exposure = exposureOf(observed, candidate.revision, evidence.answers, now);
  const known = { ...common, ...presence, ...judged, gates, ...(exposure && { exposure }) };
  if (candidate.state !== "Running") return { ...known, waits: [], alarms: [], isPromotable: false };
  if (place === undefined) {
    const [first] = stepsOf(observed.canary);
    return { ...known, waits: [], alarms: [], isPromotable: false, ...(first && { toCarry: first.weight }) };
  }
  const isRecorded = isOnRecord(remembered);
  return { ...known, ...wayOn({ observed, candidate, place, presence, judgement, isRecorded, exposure }, now) };
}

interface Judging {
  readonly observed: Observed;
  readonly candidate: Candidate;
  readonly evidence: Evidence;
  readonly folded: readonly GateStatus[];
  readonly place: Progress | undefined;
  readonly presence: Omit<Presence, "place">;
}

interface Judgement extends Pick<Facts, "gates" | "shares" | "rejection" | "isUnread" | "hold" | "outOfReach"> {
  readonly verdict: Verdict;
  readonly orders: Orders;
  readonly deadline: Date | undefined;
}

/** What the gates say by all evidence at hand, and whether that, an order or a clock takes the candidate back or holds it. */
function judge({ observed, candidate, evidence, folded, place, presence }: Judging, now: Date): Judgement {
  const { spec } = observed.canary;
  const { silence, isServing } = presence;
  const { retriedAt } = observed.records.get(candidate.revision) ?? {};
  const shares = sharesIn(place);
  const look = { silence, shares, now, retriedAt: retriedAt === undefined ? undefined : new Date(retriedAt) };
  const gates = foldGates(spec, candidate, folded, evidence, look);
  const verdict = combineVerdicts(gates.map((gate) => gate.verdict));
  const orders = readOrders(observed.canary, candidate.revision);
  // One that was never ready has failed by then: its model was not judged.
  const isWaited = place === undefined || place.step.name === WATCH;
  const deadline = isWaited ? undefined : deadlineOf(observed, candidate, presence.entered ?? now, now);
  // That its pods come late says nothing of a model that has passed: there is another clock for them.
  const isExcused = verdict === "Pass" && waitsForPods(observed.canary) !== undefined;
  const isOverdue = deadline !== undefined && deadline <= now && !isExcused;
  const rejection = rejectionOf({ spec, gates, orders, silence, isOverdue }, now);
  const unread = isUnread(spec, evidence, presence.served !== undefined);
  const hold = holdOf(observed, { verdict, isUnread: unread, orders, isOverdue, isServing });
  const isTold = isTrue(observed.canary.status?.conditions, CONDITION.outOfReach);
  const outOfReach = safetyOutOfReach({ spec, gates, entered: presence.entered, deadline, isTold }, now);
  const outcome = {
    ...(rejection !== undefined && { rejection }),
    ...(hold && { hold }),
    ...(outOfReach !== undefined && { outOfReach }),
  };
  return { gates, verdict, orders, deadline, isUnread: unread, ...(shares && { shares }), ...outcome };
}

interface Going {
  readonly observed: Observed;
  readonly candidate: Candidate;
  readonly place: Progress;
  readonly presence: Omit<Presence, "place">;
  readonly judgement: Judgement;
  readonly isRecorded: boolean;
  readonly exposure: Exposure | undefined;
}

/** Where a running candidate goes from its place, and what that waits for. */
function wayOn(
  { observed: { canary, arms }, candidate, place, presence, judgement, isRecorded, exposure }: Going,
  now: Date,
): Pick<Facts, "gates" | "progress" | "waits" | "isPromotable" | "lacksPods" | "toCarry" | "alarms"> {
  const { gates, verdict, orders, deadline, rejection, hold } = judgement;
  const arm = arms.get(candidate.revision) ?? {};
  const waits = waitsOf({ canary, candidate, progress: place, gates, verdict, arm, isRecorded, orders, exposure }, now);
  const isFree = hold === undefined && rejection === undefined;
  const mayMove = isFree && waits.length === 0;
  const after = nextStep(place, stepsOf(canary));
  const next = mayMove ? after : undefined;
  const isStopped = rejection !== undefined || hold === "Suspended" || hold === "RouteContested";
  const isOrdered = orders.promote && presence.isServing && !isStopped;
  const isWaitingForPods = isFree && waits.some(({ type }) => type === "Pods");
  return {
    gates: isPromotedNow(canary, next ?? place) ? watchedGates(canary.spec, candidate, gates) : gates,
    progress: next ?? place,
    waits,
    isPromotable: isOrdered || (mayMove && next === undefined),
    lacksPods: isOrdered ? !canCarry(arm, canary, 100) : isWaitingForPods && waits.length === 1,
    toCarry: isOrdered ? 100 : isWaitingForPods ? (after?.step.weight ?? 100) : (next ?? place).step.weight,
    alarms: alarmsOf({ waits, deadline, gates, silence: presence.silence }, now),
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

/**
 * A run begins with its candidate's Deployment or InferenceService, or with our Service where it has none. One of several that was chosen only
 * after all that time, as after a suspension, has it anew.
 */
function deadlineOf(observed: Observed, candidate: Candidate, entered: Date, now: Date): Date | undefined {
  const { deadline } = observed.canary.spec;
  const created = createdAt(observed.arms.get(candidate.revision) ?? {});
  if (deadline === undefined || created === undefined) return undefined;
  const limitMs = parseDuration(deadline);
  const began = beganAt(observed, candidate.revision, now).getTime();
  const until = Math.max(Date.parse(created), began) + limitMs;
  const isChosenLate = candidate.among !== undefined && entered.getTime() >= until;
  return new Date(isChosenLate ? entered.getTime() + limitMs : until);
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
