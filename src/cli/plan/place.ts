import type { GateStatus } from "../../controllers/preferencecanary/gates/gates.ts";
import { pass, type Rest, settle } from "./pass.ts";
import type { World } from "./world.ts";

/** Where a run is between two looks of the controller, and where it goes from there when only time passes. */
export interface Place extends Rest {
  /** By the verdicts of then: a place is the same for every run that comes to it. */
  readonly next: Map<string, Place>;
}

export function place(rest: Rest): Place {
  return { ...rest, next: new Map() };
}

/** Whether the step cannot be left yet, whatever the evidence says. */
export function isWaitingForTime({ facts }: Place, now: number): boolean {
  return facts.waits.some(({ until }) => until !== undefined && until.getTime() > now);
}

/** Where a run is, and what its gates say of its own evidence. */
export interface Position {
  readonly place: Place;
  readonly gates: readonly GateStatus[];
}

/**
 * Where the controller goes when the time has come that it waits for. What it does depends on the verdicts and not on
 * the numbers behind them, so runs that have the same verdicts share its passes; unless those begin to count anew.
 */
export function placeDue({ place: from, gates }: Position): Position {
  const { dueMs } = from;
  if (dueMs === undefined) return { place: from, gates };
  const verdicts = gates.map(({ verdict }) => verdict).join();
  const known = from.next.get(verdicts);
  if (known !== undefined) return { place: known, gates };
  const heard = gates.map((gate) => (gate.verdict === "NoData" ? gate : heardAt(gate, dueMs)));
  const reached = place(settle(withGates(from.world, heard, dueMs)));
  const after = reached.world.canary.status?.gates ?? [];
  if (numbers(after) === numbers(heard)) {
    from.next.set(verdicts, reached);
    return { place: reached, gates };
  }
  return { place: reached, gates: after.map((gate, index) => heardAs(gate, gates[index])) };
}

/** A shared place must not fall silent earlier than a run that comes to it; each run knows when it does itself. */
function heardAt(gate: GateStatus, ms: number): GateStatus {
  return { ...gate, lastSampleTime: new Date(ms).toISOString() };
}

function heardAs({ lastSampleTime: _, ...gate }: GateStatus, { lastSampleTime }: Partial<GateStatus> = {}): GateStatus {
  return { ...gate, ...(lastSampleTime !== undefined && { lastSampleTime }) };
}

function numbers(gates: readonly GateStatus[]): string {
  return JSON.stringify(gates.map(({ samples, sum, state, rollbackFrom }) => [samples, sum, state, rollbackFrom]));
}

/** Where the controller goes when a verdict has changed. */
export function placeAfter({ place: from, gates }: Position, now: number): Position {
  const world = withGates(from.world, gates, now);
  const { facts, decision, seen } = pass(world);
  const isSameStep = facts.progress?.step.name === from.facts.progress?.step.name;
  if (decision.effect === undefined && isSameStep) {
    const { waitMs } = decision;
    return { place: place({ world: seen, facts, ...(waitMs !== undefined && { dueMs: now + waitMs }) }), gates };
  }
  const reached = place(settle(world));
  return { place: reached, gates: reached.world.canary.status?.gates ?? gates };
}

function withGates(world: World, gates: readonly GateStatus[], now: number): World {
  const { canary } = world;
  return { ...world, now: new Date(now), canary: { ...canary, status: { ...canary.status, gates: [...gates] } } };
}
