import { type Decision, decide } from "../../controllers/preferencecanary/decide.ts";
import type { CanarySettings } from "../../controllers/preferencecanary/desired.ts";
import { type Facts, gatherFacts } from "../../controllers/preferencecanary/facts.ts";
import { cursorsOf, rememberedGates } from "../../controllers/preferencecanary/gates/gates.ts";
import { observe } from "../../controllers/preferencecanary/observe.ts";
import { readRun } from "../../controllers/preferencecanary/run/run.ts";
import { status } from "../../controllers/preferencecanary/status.ts";
import { evidenceOf } from "./evidence.ts";
import { afterEffect, endOf, sourcesOf, type World } from "./world.ts";

/** A world in which the controller has done all that it wants to do at this moment. */
export interface Rest {
  readonly world: World;
  readonly facts: Facts;
  /** When it looks again although nothing new has come; milliseconds since the epoch. */
  readonly dueMs?: number;
}

const SETTINGS: CanarySettings = { operatorImage: "simulated", collectorUrl: "http://simulated" };
const MAX_PASSES = 100;

/** The controller's passes until nothing is done any more, or the run is over: one write each, all at one moment. */
export function settle(start: World): Rest {
  let world = start;
  for (let passes = 0; passes < MAX_PASSES; passes++) {
    const { facts, decision, seen } = pass(world);
    const { effect, waitMs } = decision;
    const after = status(facts, world.now);
    const isQuiet = effect === undefined && JSON.stringify(after) === JSON.stringify(world.canary.status);
    const next = effect === undefined ? seen : afterEffect(seen, effect);
    world = { ...next, canary: { ...next.canary, status: after } };
    if (isQuiet || endOf(world, facts.run) !== undefined)
      return { world, facts, ...(waitMs !== undefined && { dueMs: world.now.getTime() + waitMs }) };
  }
  throw new Error(`the controller does not come to rest: ${JSON.stringify(world.canary.status?.conditions)}`);
}

/** One look of the controller. What has come in is in status already, so there is nothing to read but that. */
export function pass(world: World): { readonly facts: Facts; readonly decision: Decision; readonly seen: World } {
  const { sources, seen } = sourcesOf(world);
  const observed = observe(world.canary, sources);
  const run = readRun(observed);
  const { candidate } = run;
  const gates = rememberedGates(observed, run);
  const cursors = candidate ? cursorsOf(world.canary.spec, candidate, gates) : {};
  const facts = gatherFacts(observed, run, evidenceOf(cursors, gates, []), SETTINGS, world.now);
  return { facts, decision: decide(facts), seen: seen() };
}
