import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import { allocate, hardlyUnder } from "../../../gates/allocation.ts";
import type { Tally } from "../../../gates/tally.ts";
import { combineVerdicts, type Verdict } from "../../../gates/verdict.ts";
import { createdAt, isAvailable, isComplete, isReachable } from "../arms/arm-state.ts";
import { coldReason } from "../arms/warm-up.ts";
import { pairOf, withBaseline } from "../evidence/baseline.ts";
import { type Collected, type Evidence, NOTHING_COLLECTED, type Wanted } from "../evidence/evidence.ts";
import { type Silence, silentFrom } from "../evidence/silence.ts";
import { type Asked, cursorsOf, foldGates, type GateStatus, remembered } from "../gates/gates.ts";
import type { Observed } from "../observed.ts";
import { mayBegin } from "../run/may-begin.ts";
import { type Orders, readOrders } from "../run/orders.ts";
import { foundAgainst } from "../run/rejection.ts";
import type { Run } from "../run/run.ts";
import { type Contender, type KnownContender, knownContender } from "./contenders.ts";

/** How one contender stands. */
export type Standing = Contender & {
  /** It can answer requests: all its pods at first, and asked; at least one of them from then on. */
  readonly isServing: boolean;
  /** When that first was. */
  readonly entered?: Date;
  /** What it is made of is refused, as status last had it. */
  readonly refused?: NonNullable<KnownContender["refused"]>;
  readonly gates: readonly GateStatus[];
  /** Of all of them together. */
  readonly verdict: Verdict;
  /** Why it is rejected now, in words. */
  readonly rejection?: string;
  /** Nothing was heard of some of its evidence yet: a manager that has just begun knows no more than status says. */
  readonly isUnread: boolean;
  /** Its share of the comparisons, as a fraction; absent while it gets none. */
  readonly share?: number;
};

/** A choice that has yet to be made, or is made now. */
export interface Selection {
  readonly contenders: readonly Standing[];
  /** Written down now; whoever is chosen becomes the candidate by that. */
  readonly chosen?: Standing;
  /** When something will have changed although nobody changes it. */
  readonly alarms: readonly Date[];
}

/** What the collector is asked for, contender by contender. */
export function wantedOf(observed: Observed, { stable, contenders = [] }: Run): readonly Wanted[] {
  if (stable === undefined) return [];
  const asked = askedOfContenders(observed);
  return contenders.map((contender) => {
    const gates = rememberedOf(observed, stable, contender);
    return [pairOf(observed.canary, stable, contender), cursorsOf(asked, contender, gates)];
  });
}

/** What it had, by revision. */
export function contended({ contenders = [] }: Run, collected: readonly Collected[]): ReadonlyMap<string, Collected> {
  return new Map(contenders.map(({ revision }, index) => [revision, collected[index] ?? NOTHING_COLLECTED]));
}

export function selectionOf(
  observed: Observed,
  stable: string,
  contenders: readonly Contender[],
  evidence: Evidence,
  now: Date,
): Selection {
  const judged = contenders.map((contender) => judge(observed, stable, contender, evidence, now));
  const deadline = deadlineOf(observed, contenders);
  const chosen = choose(observed, judged, deadline !== undefined && deadline <= now);
  const silent = judged.flatMap(({ gates, entered, out }) => {
    const silence = out === undefined ? silenceOf(observed, entered) : undefined;
    return gates.map((gate) => silentFrom(gate, silence));
  });
  const alarms = [deadline, ...silent].filter((at) => at !== undefined).filter((at) => at > now);
  return { contenders: withShares(observed, judged), ...(chosen && { chosen }), alarms };
}

/** Whether the sampler may ask it: what it cannot answer counts as lost, once it is known that it can. */
export function isContending({ out, rejection, isServing, entered }: Standing): boolean {
  return out === undefined && rejection === undefined && (isServing || entered !== undefined);
}

/** The one whose win rate is surest to be high; of equals the first, and last those that nothing is known of. */
export function leaderOf<T extends Pick<Standing, "gates">>(standings: readonly T[]): T | undefined {
  const known = standings.filter(isKnown);
  const rate = (standing: T): number => hardlyUnder(tallyOf(standing));
  return known.toSorted((one, other) => rate(other) - rate(one))[0] ?? standings[0];
}

export function winRateOf({ gates }: { readonly gates: readonly GateStatus[] }): GateStatus | undefined {
  return gates.find(({ name }) => name === "winRate");
}

/** Without users there are neither ratings nor anything that a metric or a webhook could be asked about. */
function askedOfContenders({ canary: { spec } }: Observed): Asked {
  const { winRate, safety, cohorts, calibration } = spec.gates;
  const gates = {
    winRate,
    ...(safety && { safety }),
    ...(cohorts && { cohorts }),
    ...(calibration && { calibration }),
  };
  return { gates, evidence: spec.evidence };
}

function rememberedOf(observed: Observed, stable: string, contender: Contender): readonly GateStatus[] {
  const known = knownContender(observed, stable, contender.revision);
  return remembered(askedOfContenders(observed), contender, known?.gates ?? []);
}

function judge(observed: Observed, stable: string, contender: Contender, { contended }: Evidence, now: Date): Standing {
  const { revision, out } = contender;
  const known = knownContender(observed, stable, revision);
  const isServing = out === undefined && canServe(observed, revision, known?.entered !== undefined);
  const entered = known?.entered === undefined ? (isServing ? now : undefined) : new Date(known.entered);
  const { retriedAt } = observed.records.get(revision) ?? {};
  const look = {
    now,
    silence: silenceOf(observed, entered),
    ...(retriedAt !== undefined && { retriedAt: new Date(retriedAt) }),
  };
  const heard = contended?.get(revision) ?? NOTHING_COLLECTED;
  const collected = { ...withBaseline(observed, heard), answers: {} };
  const before = rememberedOf(observed, stable, contender);
  const asked = askedOfContenders(observed);
  const gates = foldGates(asked, contender, before, collected, look);
  const streams = [collected.comparisons, ...(asked.gates.safety ? [collected.checks] : [])];
  const rejection = out === undefined ? foundAgainst(gates, readOrders(observed.canary, revision)) : undefined;
  return {
    ...contender,
    isServing,
    ...(entered && { entered }),
    ...(known?.refused && { refused: known.refused }),
    gates,
    verdict: combineVerdicts(gates.map(({ verdict }) => verdict)),
    ...(rejection !== undefined && { rejection }),
    isUnread: streams.some(({ access }) => access.type === "Unread"),
  };
}

function canServe(observed: Observed, revision: string, hasEntered: boolean): boolean {
  const arm = observed.arms.get(revision) ?? {};
  const isAllThere = isComplete(arm) && coldReason(observed, revision) === undefined;
  return (hasEntered ? isAvailable(arm) : isAllThere) && isReachable(arm);
}

function silenceOf({ canary: { spec } }: Observed, entered: Date | undefined): Silence | undefined {
  return entered && { since: entered, limitMs: parseDuration(spec.onNoData.after) };
}

/** A selection begins with the first arm of those that are left. */
function deadlineOf({ canary, arms }: Observed, contenders: readonly Contender[]): Date | undefined {
  const { deadline } = canary.spec.selection ?? {};
  const created = contenders.flatMap(({ revision, out }) => {
    const time = createdAt(arms.get(revision) ?? {});
    return out === undefined && time !== undefined ? [Date.parse(time)] : [];
  });
  if (deadline === undefined || created.length === 0) return undefined;
  return new Date(Math.min(...created) + parseDuration(deadline));
}

/**
 * The first that has passed gates.winRate, at the deadline the best of those that something is known of; or the one that
 * somebody orders to be promoted. Evidence that is out of sight, or doubted, chooses nobody; nor does any as long as that
 * of another was not read yet.
 */
function choose({ canary }: Observed, all: readonly Standing[], isOverdue: boolean): Standing | undefined {
  if (!mayBegin(canary)) return undefined;
  const left = all.filter(({ out, rejection }) => out === undefined && rejection === undefined);
  const able = left.filter(({ isServing }) => isServing);
  const ordersOf = ({ revision }: Standing): Orders => readOrders(canary, revision);
  const ordered = able.find((standing) => ordersOf(standing).promote);
  if (ordered !== undefined) return ordered;
  if (left.some(({ isUnread }) => isUnread)) return undefined;
  const clear = able.filter(({ verdict }) => verdict === "Pass" || verdict === "Undecided");
  const free = clear.filter((standing) => !ordersOf(standing).pause);
  const passed = free.filter((standing) => winRateOf(standing)?.verdict === "Pass");
  if (passed.length > 0) return leaderOf(passed);
  return isOverdue ? leaderOf(free.filter(isKnown)) : undefined;
}

function isKnown(standing: Pick<Standing, "gates">): boolean {
  return tallyOf(standing).samples > 0;
}

function tallyOf(standing: Pick<Standing, "gates">): Tally {
  const { samples = 0, sum = "0" } = winRateOf(standing) ?? {};
  return { samples, sum: Number(sum) };
}

/** As the sampler draws them by the same evidence. */
function withShares({ canary }: Observed, all: readonly Standing[]): readonly Standing[] {
  const asked = all.filter(isContending);
  const shares = allocate(asked.map(tallyOf), (canary.spec.selection?.minShare ?? 0) / 100);
  return all.map((standing) => {
    const share = shares[asked.indexOf(standing)];
    return share === undefined ? standing : { ...standing, share };
  });
}
