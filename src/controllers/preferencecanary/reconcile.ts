import { FINALIZER } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Client } from "../../kube/client.ts";
import { type ApiError, isConflict, isInvalid, isRefused } from "../../kube/errors.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { keyString, type ObjectKey, type Stored } from "../../kube/object.ts";
import type { Store } from "../../kube/store.ts";
import type { Clock } from "../../runtime/clock.ts";
import { hasFinalizer } from "../../runtime/finalizers.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { act } from "./act.ts";
import type { Archiver } from "./archive/archiver.ts";
import { toBeArchived } from "./archive/ended-runs.ts";
import { decide } from "./decide.ts";
import type { CanarySettings } from "./desired.ts";
import { type Effect, isRollback, type Outcome, type Refusal } from "./effect.ts";
import type { AnswerFeed } from "./evidence/answer-feed.ts";
import { pairOf } from "./evidence/baseline.ts";
import { type Evidence, NO_EVIDENCE } from "./evidence/evidence.ts";
import type { EvidenceFeed } from "./evidence/evidence-feed.ts";
import { questionsOf } from "./evidence/questions.ts";
import { type Facts, gatherFacts } from "./facts.ts";
import type { FoldedGates } from "./gates/folded-gates.ts";
import { cursorsOf, rememberedGates } from "./gates/gates.ts";
import type { Glances } from "./glances.ts";
import { observe, type Sources } from "./observe.ts";
import type { Observed } from "./observed.ts";
import type { Rollbacks } from "./rollbacks.ts";
import { type Run, readRun } from "./run/run.ts";
import { contended, wantedOf } from "./selection/selection.ts";
import { effectNotes } from "./standing/announcements.ts";
import type { StatusWriter } from "./status-writer.ts";
import type { WaitingNotes } from "./waiting-notes.ts";

export interface Dependencies {
  readonly canaries: Store<PreferenceCanary>;
  readonly sources: Sources;
  readonly evidence: EvidenceFeed;
  readonly answers: AnswerFeed;
  readonly folded: FoldedGates;
  readonly glances: Glances;
  readonly archiver: Archiver;
  readonly client: Client;
  readonly statuses: StatusWriter;
  readonly rollbacks: Rollbacks;
  readonly events: EventRecorder;
  readonly notes: WaitingNotes;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly settings: CanarySettings;
}

/** A change that no watch shows, such as a Deployment whose clock runs out, is seen at the latest after this. */
const LOOK_AGAIN_MS = 30_000;
/** What would move traffic is tried again sooner where it is refused: a rollback may be waiting for that. */
const TRAFFIC_AGAIN_MS = 1_000;
/** Whoever made the conflict has just written; the cache shows it in a moment. */
const CONFLICT_MS = 50;
/** Until those of other canaries are stored: nothing else is written meanwhile, not even the status of one that is. */
const BEHIND_ROLLBACKS_MS = 200;

export async function reconcile(key: ObjectKey, deps: Dependencies, signal: AbortSignal): Promise<Result> {
  const canary = deps.canaries.get(key);
  if (canary === undefined) return forget(key, deps);
  const isDeleted = canary.metadata.deletionTimestamp !== undefined;
  if (isDeleted && !hasFinalizer(canary, FINALIZER.canary)) return done;

  const seen = observe(canary, deps.sources);
  const run = readRun(seen);
  const observed = { ...seen, archives: deps.archiver.read(key, toBeArchived(seen.canary.status, run)) };
  const readEvidence = evidenceReader(key, observed, run, deps);
  const gather = () => gatherFacts(observed, run, readEvidence(), deps.settings, deps.clock.now());
  const facts = gather();
  deps.folded.keep(key, facts.gates);
  deps.glances.keep(key, facts, gather);
  const { effect: wanted, waitMs = LOOK_AGAIN_MS, note: said } = decide(facts);
  if (deps.rollbacks.areUnderWay() && !isRollback(wanted)) return behindRollbacks(deps);
  for (const note of deps.notes.fresh(key, said)) deps.events.record(canary, note);
  try {
    const outcome = await carryOut(canary, facts, wanted, deps, signal);
    // What was just written says it already. That something was refused only status says.
    if (deps.rollbacks.areUnderWay() && outcome.refusals.length === 0) return behindRollbacks(deps);
    if (isDeleted) deps.statuses.passOn();
    else await deps.statuses.write(canary, { ...facts, outcome }, signal);
    const isTraffic = outcome.refusals.some(({ effect }) => effect.type === "WriteRoute");
    // All canaries are looked at when the process begins, and not for ever after at one time.
    const againMs = isTraffic ? TRAFFIC_AGAIN_MS : LOOK_AGAIN_MS * (1 - deps.random() / 2);
    // Whatever the effect changed wakes this key again.
    return requeueAfter(Math.min(waitMs, againMs));
  } catch (error) {
    deps.statuses.passOn();
    if (isConflict(error)) return requeueAfter(CONFLICT_MS);
    throw error;
  }
}

function behindRollbacks({ statuses }: Dependencies): Result {
  statuses.passOn();
  return requeueAfter(BEHIND_ROLLBACKS_MS);
}

/** It takes somebody to mend what is refused, or what forbids it: they are told, and it is tried again now and then. */
async function carryOut(
  canary: Stored<PreferenceCanary>,
  facts: Facts,
  wanted: Effect | undefined,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<Outcome> {
  const refusals: Refusal[] = [];
  for (let effect = wanted; effect !== undefined; effect = decide(facts, refusals.length).effect) {
    const refusal = await attempt(canary, effect, deps, signal);
    if (refusal === undefined) return { effect, refusals };
    refusals.push(refusal);
  }
  return { refusals };
}

async function attempt(
  canary: Stored<PreferenceCanary>,
  effect: Effect,
  { client, sources, rollbacks, events }: Dependencies,
  signal: AbortSignal,
): Promise<Refusal | undefined> {
  const write = () => act(canary, effect, { client, services: sources.services }, signal);
  try {
    await (isRollback(effect) ? rollbacks.during(write) : write());
  } catch (error) {
    // Nobody reads the status of a canary that goes: its failures are logged.
    if (canary.metadata.deletionTimestamp !== undefined || !isRefusal(effect, error)) throw error;
    return { effect, message: error.message };
  }
  for (const note of effectNotes(effect)) events.record(canary, note);
  return undefined;
}

/**
 * Of a JSON patch the API server says 422 too when what its tests name has changed since: that is read again, and not told.
 * Only of an object that it has looked at, as validation and admission do, it gives the name.
 */
function isRefusal(effect: Effect, error: unknown): error is ApiError {
  if (!isRefused(error)) return false;
  const isPatch = effect.type === "WriteRoute" && effect.write.type === "Patch";
  return !(isPatch && isInvalid(error) && error.details.name === undefined);
}

/** Reads what there is by the time that it is called, after what the last pass has folded. */
function evidenceReader(
  key: ObjectKey,
  observed: Observed,
  run: Run,
  { evidence, answers, folded }: Dependencies,
): () => Evidence {
  const { stable, candidate, contenders } = run;
  if (contenders !== undefined) {
    answers.forget(key);
    folded.forget(key);
    const wanted = wantedOf(observed, run);
    return () => ({ ...NO_EVIDENCE, contended: contended(run, evidence.readEach(key, wanted)) });
  }
  if (stable === undefined || candidate === undefined) {
    evidence.forget(key);
    answers.forget(key);
    folded.forget(key);
    return () => NO_EVIDENCE;
  }
  const pair = pairOf(observed.canary, stable, candidate);
  const { retriedAt } = observed.records.get(candidate.revision) ?? {};
  // Of other ratings nothing that was folded goes on; of a canary without any all of it does.
  const ratedSince = observed.canary.spec.evidence.ratings && candidate.firstServed;
  const tried = `${stable} ${candidate.revision} ${retriedAt} ${ratedSince}`;
  const remembered = rememberedGates(observed, run);
  const questions = questionsOf(observed, run, remembered);
  return () => {
    const gates = folded.latest(key, tried, remembered);
    const collected = evidence.read(key, pair, cursorsOf(observed.canary.spec, candidate, gates));
    return { ...collected, answers: answers.read(key, questions), folded: gates };
  };
}

function forget(key: ObjectKey, deps: Dependencies): Result {
  const { evidence, answers, folded, glances, archiver, statuses, notes, sources } = deps;
  evidence.forget(key);
  folded.forget(key);
  answers.forget(key);
  glances.forget(key);
  archiver.forget(key);
  statuses.forget(key);
  notes.forget(key);
  sources.settling.forget(keyString(key));
  sources.probing.forget(key);
  return done;
}
