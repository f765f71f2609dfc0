import { silentFrom } from "../../controllers/preferencecanary/evidence/silence.ts";
import { cursorsOf, foldGates, type GateStatus } from "../../controllers/preferencecanary/gates/gates.ts";
import type { Arrival, Arrivals } from "./arrivals.ts";
import { armsOf, evidenceOf } from "./evidence.ts";
import { isWaitingForTime, type Place, type Position, placeAfter, placeDue } from "./place.ts";
import { type End, endOf } from "./world.ts";

/** How one simulated run went. */
export interface SimulatedRun {
  /** Absent: it was not over at the horizon. */
  readonly end?: End;
  /** The step in which it ended. */
  readonly step?: string;
  /** Until then. */
  readonly comparisons: number;
  /** Since the candidate's pods were ready. */
  readonly ms: number;
}

/**
 * While only evidence is waited for, verdicts are looked at after so many records, and one by one where a verdict has
 * changed by then. Fail is final, and a passed win rate falls only in more records than that but for the steepest falls.
 */
const LOT = 16;

/** `horizon`: when to give up, in milliseconds since the epoch. */
export function simulateRun(start: Place, arrivals: Arrivals, horizon: number): SimulatedRun {
  const begun = start.world.now.getTime();
  let position: Position = { place: start, gates: start.facts.gates };
  let now = begun;
  let comparisons = 0;
  for (;;) {
    const { place, gates } = position;
    const end = endOf(place.world, place.facts.run);
    const step = place.facts.progress?.step.name;
    if (end !== undefined || now >= horizon)
      return { ...(end && { end }), ...(step !== undefined && { step }), comparisons, ms: now - begun };
    const until = Math.max(now + 1, Math.min(place.dueMs ?? horizon, silentAt(place, gates, now), horizon));
    const limit = isWaitingForTime(place, now) ? Number.POSITIVE_INFINITY : LOT;
    const lot = arrivals.take(until, limit);
    const isFull = lot.filter(({ answer }) => answer === undefined).length >= limit;
    const reached = isFull ? (lot.at(-1)?.at ?? until) : until;
    const folded = foldUpToNews(place, gates, lot, reached);
    arrivals.putBack(lot.slice(folded.count));
    comparisons += lot.slice(0, folded.count).filter(({ comparison }) => comparison !== undefined).length;
    now = folded.at;
    position = { place, gates: folded.gates };
    if (folded.isNews) position = placeAfter(position, now);
    else if (now === place.dueMs) position = placeDue(position);
  }
}

interface Folded {
  readonly gates: readonly GateStatus[];
  /** Records that were folded, and when that was. */
  readonly count: number;
  readonly at: number;
  /** A verdict is another one, so that the controller may have something to do. */
  readonly isNews: boolean;
}

/** As much of the lot as it takes to change a verdict; all of it when none is changed by `reached`. */
function foldUpToNews(place: Place, before: readonly GateStatus[], lot: readonly Arrival[], reached: number): Folded {
  const isTimed = isWaitingForTime(place, reached - 1);
  /** The first records, at the time of the last of them; one more than there are: all of them, at the end. */
  const foldFirst = (count: number): Folded => {
    const at = lot[count - 1]?.at ?? reached;
    const gates = fold(place, before, lot.slice(0, count), at);
    return { gates, count: Math.min(count, lot.length), at, isNews: isNews(before, gates, isTimed) };
  };
  let enough = lot.length + 1;
  let shortest = foldFirst(enough);
  for (let without = 0; shortest.isNews && enough - without > 1; ) {
    const count = Math.ceil((without + enough) / 2);
    const tried = foldFirst(count);
    if (tried.isNews) [shortest, enough] = [tried, count];
    else without = count;
  }
  return shortest;
}

/** As long as a step has to last whatever the evidence says, only bad news can end it. */
function isNews(before: readonly GateStatus[], after: readonly GateStatus[], isTimed: boolean): boolean {
  return after.some(({ verdict }, index) => {
    const isBad = verdict === "Fail" || verdict === "NoData";
    return verdict !== before[index]?.verdict && (isBad || !isTimed);
  });
}

function fold({ facts }: Place, gates: readonly GateStatus[], lot: readonly Arrival[], at: number): GateStatus[] {
  const { candidate } = facts.run;
  if (candidate === undefined) throw new Error("a run without a candidate");
  const look = { now: new Date(at), silence: facts.silence, shares: facts.shares };
  const { spec } = facts.observed.canary;
  const evidence = evidenceOf(cursorsOf(spec, candidate, gates), gates, lot, armsOf(facts));
  return foldGates(spec, candidate, gates, evidence, look);
}

/** When a gate will next have heard nothing for too long. */
function silentAt({ facts }: Place, gates: readonly GateStatus[], now: number): number {
  const times = gates.map((gate) => silentFrom(gate, facts.silence)?.getTime() ?? Number.POSITIVE_INFINITY);
  return Math.min(...times.filter((time) => time > now));
}
