import type { GateStatus } from "../../controllers/preferencecanary/gates.ts";
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

/**
 * The place that the controller goes to when the time has come that it waits for. What it does depends on the verdicts
 * and not on the numbers behind them, so runs that have the same verdicts share its passes.
 */
export function placeDue(from: Place, gates: readonly GateStatus[]): Place {
  const { dueMs } = from;
  if (dueMs === undefined) return from;
  const verdicts = gates.map(({ verdict }) => verdict).join();
  const known = from.next.get(verdicts);
  if (known !== undefined) return known;
  const heard = gates.map((gate) => (gate.verdict === "NoData" ? gate : heardAt(gate, dueMs)));
  const reached = place(settle(withGates(from.world, heard, dueMs)));
  from.next.set(verdicts, reached);
  return reached;
}

/** The shared place must not fall silent earlier than a run that comes to it; each run knows when it does itself. */
function heardAt(gate: GateStatus, ms: number): GateStatus {
  return { ...gate, lastSampleTime: new Date(ms).toISOString() };
}

/** The place that the controller goes to when a verdict has changed. */
export function placeAfter(from: Place, gates: readonly GateStatus[], now: number): Place {
  const world = withGates(from.world, gates, now);
  const { facts, decision, seen } = pass(world);
  const isSameStep = facts.progress?.step.name === from.facts.progress?.step.name;
  if (decision.effect !== undefined || !isSameStep) return place(settle(world));
  const { waitMs } = decision;
  return place({ world: seen, facts, ...(waitMs !== undefined && { dueMs: now + waitMs }) });
}

function withGates(world: World, gates: readonly GateStatus[], now: number): World {
  const { canary } = world;
  return { ...world, now: new Date(now), canary: { ...canary, status: { ...canary.status, gates: [...gates] } } };
}
