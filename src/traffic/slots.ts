/**
 * The two places that a route has for arms. A gateway names a backend by its place in the list, and a backend whose
 * weight goes to or from 0 answers 500 for some 20 ms. Hence: an arm keeps its slot for life; the free slot has weight 0
 * and names stable; what a slot names changes only a while after its weight became 0; and no weight crosses zero in one
 * write, since one in a million is as good as none but keeps the backend known.
 */
import { createHash } from "node:crypto";
import { LIVE_MS } from "./liveness.ts";

/** What both weights sum to. */
export const WHOLE = 1_000_000;
/** The weight that is as good as none. */
export const TRACE = 1;
/** Between the two writes that take traffic away: the first must be live, and nobody should wait for the second. */
export const MOMENT_MS = 100;

export interface Slot {
  readonly revision: string;
  /** Of {@link WHOLE}. */
  readonly weight: number;
}

export type Slots = readonly [Slot, Slot];

/** Who should serve. Without a guest stable serves alone. */
export interface Goal {
  readonly stable: string;
  /** `weight` of the guest: over 0 and at most {@link ALMOST_WHOLE}. */
  readonly guest?: Slot;
}

/** The most that one arm has while the other is still named: the rest goes once nobody is served by it any more. */
export const ALMOST_WHOLE = WHOLE - TRACE;

/** The next write on the way to a goal, or how long to wait for it. */
export type Move =
  | { readonly type: "Arrived" }
  /** Without `ms` until the weights that stand are live. */
  | { readonly type: "Wait"; readonly ms?: number }
  /** `withdraws`: takes all traffic from an arm other than stable, and gives none to one. */
  | { readonly type: "Write"; readonly slots: Slots; readonly withdraws: boolean };

/** A percentage of requests as a weight. */
export function weightOf(percent: number): number {
  return (percent * WHOLE) / 100;
}

/** A weight as whole percent: a trace is none, and all but a trace everything. */
export function percentOf(weight: number): number {
  return Math.round((weight * 100) / WHOLE);
}

/** What a revision has; the slot that is free names stable, so the first one that names it may not be its own. */
export function weightIn(slots: Slots, revision: string): number {
  return Math.max(0, ...slots.filter((slot) => slot.revision === revision).map(({ weight }) => weight));
}

/** What answers say they were served by. Short, since it goes with each of them; it only has to differ from the one before. */
export function epochOf(slots: Slots, ways: readonly (Slots | undefined)[] = []): string {
  const text = [slots, ...ways]
    // One that a stranger has spoilt is in none: it is made anew, and then it is.
    .flatMap((each) => each ?? [])
    .map(({ revision, weight }) => `${revision}=${weight}`)
    .join(" ");
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

/** Stable alone, in the first slot. */
export function stableAlone(stable: string): Slots {
  return [
    { revision: stable, weight: WHOLE },
    { revision: stable, weight: 0 },
  ];
}

/** How the slots stand now. */
export interface Standing {
  /** How long they are known to stand as they do. */
  readonly unchangedMs: number;
  /** Until they count as live; absent: not before a gateway answers with them. */
  readonly liveInMs?: number | undefined;
}

/** Slots that nobody but a stranger wrote start anew. */
export function nextMove(slots: Slots, standing: Standing, goal: Goal): Move {
  const home = homeOf(slots, goal.stable);
  if (home === undefined) return { type: "Write", slots: stableAlone(goal.stable), withdraws: false };
  const visitor = slots[home === 0 ? 1 : 0];
  const move = nextVisitor(visitor, standing, goal);
  if (move !== undefined && "type" in move) return move;
  const next = move ?? visitor;
  const stable = { revision: goal.stable, weight: WHOLE - next.weight };
  if (move === undefined && slots[home].weight === stable.weight) return { type: "Arrived" };
  return {
    type: "Write",
    slots: home === 0 ? [stable, next] : [next, stable],
    // To less, but not to nothing, may be more than what somebody else has just written.
    withdraws: next.revision === visitor.revision && next.weight < visitor.weight && next.weight <= TRACE,
  };
}

/** The next write of a whole route. */
export interface RouteMove {
  /** The slots of each rule, as they should stand now. */
  readonly rules: readonly Slots[];
  /** Something changes, and nothing of it gives an arm other than stable any more. */
  readonly withdraws: boolean;
  /** When something is to change that need not now. */
  readonly waitMs?: number;
}

/**
 * Every rule of a route has two slots and a goal of its own. A gateway names a backend by its place in its rule, so each
 * rule is moved as if it were alone, and what can be written of them now is one write. A rule that is not there yet, or
 * that a stranger has spoilt, starts anew.
 */
export function nextRouteMove(
  rules: readonly (Slots | undefined)[],
  since: Standing,
  goals: readonly Goal[],
): RouteMove {
  const planned = goals.map((goal, rule) => {
    const standing = rules[rule] ?? NOBODY;
    return { standing, move: nextMove(standing, since, goal) };
  });
  const moves = planned.map(({ move }) => move);
  const next = planned.map(({ standing, move }) => (move.type === "Write" ? move.slots : standing));
  // What is written of the other rules is as they were seen: somebody may have taken an arm out of them since.
  const isOut = next.every((slots, rule) =>
    slots.every(({ revision, weight }) => revision === goals[rule]?.stable || weight <= TRACE),
  );
  const writes = moves.filter((move) => move.type === "Write");
  const waits = moves.flatMap((move) => (move.type === "Wait" && move.ms !== undefined ? [move.ms] : []));
  return {
    rules: next,
    withdraws: isOut && writes.length > 0 && writes.every(({ withdraws }) => withdraws),
    ...(waits.length > 0 && { waitMs: Math.min(...waits) }),
  };
}

const NOBODY: Slots = [
  { revision: "", weight: 0 },
  { revision: "", weight: 0 },
];

/** The slot in which stable serves; both name it while one is free. */
function homeOf(slots: Slots, stable: string): 0 | 1 | undefined {
  const [first, second] = slots;
  if (first.revision === stable && second.revision === stable) return first.weight >= second.weight ? 0 : 1;
  if (first.revision === stable) return 0;
  return second.revision === stable ? 1 : undefined;
}

type Pause = Extract<Move, { readonly type: "Wait" }>;

/** The other slot's next state, the wait for it, or undefined when it is as it should be. */
function nextVisitor(visitor: Slot, standing: Standing, { stable, guest }: Goal): Slot | Pause | undefined {
  const { revision, weight } = visitor;
  const { unchangedMs, liveInMs } = standing;
  const onceLive = (slot: Slot) => {
    if (liveInMs === undefined) return { type: "Wait" } as const;
    const ms = Math.max(liveInMs, LIVE_MS - unchangedMs);
    return ms <= 0 ? slot : ({ type: "Wait", ms } as const);
  };
  if (guest === undefined || revision !== guest.revision) {
    if (weight > TRACE) return { revision, weight: TRACE };
    // Never once live: nothing that takes traffic away waits for a gateway.
    if (weight === TRACE)
      return unchangedMs >= MOMENT_MS ? { revision, weight: 0 } : { type: "Wait", ms: MOMENT_MS - unchangedMs };
    if (guest !== undefined) return onceLive({ revision: guest.revision, weight: TRACE });
    return revision === stable ? undefined : onceLive({ revision: stable, weight: 0 });
  }
  if (weight === guest.weight) return undefined;
  if (weight === 0) return onceLive({ revision, weight: TRACE });
  return weight === TRACE ? onceLive(guest) : guest;
}
