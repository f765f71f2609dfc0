import type { ProfileResult } from "../../api/contracts/profile.ts";
import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { PreferenceDatasetStatus } from "../../api/v1alpha1/preference-dataset.ts";
import { type NewCondition, setConditions } from "../../runtime/conditions.ts";
import { type Standing, type StillReady, standingConditions } from "../kstatus.ts";
import type { Decision, Knowledge } from "./decide.ts";
import { lastTrained } from "./last-trained.ts";
import { measurements } from "./measurements.ts";
import type { Observed, ProfileJob } from "./observed.ts";

/** The whole status, from what was seen and decided. Everything that is not known anew keeps its last value. */
export function status(observed: Observed, decision: Decision, now: Date): PreferenceDatasetStatus {
  const { dataset, collector } = observed;
  const { newSnapshot, refused = dataset.status?.refused } = decision.knows;
  const generation = dataset.metadata.generation;
  const { refused: _before, ...previous } = dataset.status ?? {};
  const standing = stand(observed, decision);
  const trained = lastTrained(observed);
  return {
    ...previous,
    observedGeneration: generation,
    phase: standing.phase,
    ...(collector.readable && { collected: { preferences: collector.preferences, sequence: collector.sequence } }),
    ...(newSnapshot && { snapshot: snapshotStatus(newSnapshot), quality: measurements(newSnapshot) }),
    ...(newSnapshot === undefined && refused && { refused }),
    ...(trained && { lastTrained: trained }),
    conditions: [
      ...setConditions(
        previous.conditions ?? [],
        [
          ...standingConditions(standing.standing, standing.reason, standing.message, generation, standing.stillReady),
          ...qualityConditions(decision.knows, generation),
        ],
        now,
      ),
    ],
  };
}

function snapshotStatus(result: ProfileResult): NonNullable<PreferenceDatasetStatus["snapshot"]> {
  const { digest, uri, pairs, takenAt, sequence } = result;
  return { digest, uri, pairs, heldOutPairs: result.splits.heldOut, takenAt, sequence };
}

function qualityConditions({ quality }: Knowledge, observedGeneration: number): NewCondition[] {
  if (quality === undefined) return [];
  const { met, reason, message } = quality;
  return [{ type: CONDITION.qualityMet, status: met ? "True" : "False", reason, message, observedGeneration }];
}

export function nameTaken(what: string): string {
  return `${what}, which is not of this PreferenceDataset, stands in the way: delete it`;
}

interface Stand {
  readonly standing: Standing;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
  readonly stillReady?: StillReady;
}

/** A good snapshot stays good while the next one is made, so Ready stays True and Reconciling says what is going on. */
function stand(observed: Observed, decision: Decision): Stand {
  const work = workInHand(observed, decision);
  const newest = newestSnapshot(observed, decision.knows);
  if (work === undefined) return newest ?? collecting(observed);
  if (work.standing !== "InProgress" || newest?.standing !== "Ready") return work;
  return { ...work, stillReady: { reason: newest.reason, message: `${newest.message}. ${work.message}` } };
}

function inProgress(phase: string, reason: string, message: string): Stand {
  return { standing: "InProgress", phase, reason, message };
}

/** What the next snapshot, or a name that is taken, keeps busy or stalled; undefined when nothing does. */
function workInHand({ profile }: Observed, { action, knows }: Decision): Stand | undefined {
  if (knows.nameTaken !== undefined)
    return { standing: "Stalled", phase: "Stalled", reason: "NameTaken", message: nameTaken(knows.nameTaken) };
  if (profile?.state.phase === "Running") return profiling(profile);
  if (action.type === "TakeSnapshot")
    return inProgress("Profiling", "Profiling", `A snapshot up to number ${action.sequence} is due`);
  if (knows.failure === undefined) return undefined;
  const { reason, message } = knows.failure;
  if (knows.refused !== undefined && action.type !== "DiscardProfile")
    return { standing: "Stalled", phase: "Stalled", reason, message };
  return inProgress("Profiling", "Retrying", `The profile is tried again; it failed with ${reason}: ${message}`);
}

function profiling({ name, sequence, unschedulable }: ProfileJob): Stand {
  if (unschedulable !== undefined)
    return inProgress("Profiling", "Unschedulable", `No node takes the pod of Job ${name}: ${unschedulable}`);
  const what = `Job ${name} makes a snapshot of what the collector received up to number ${sequence}`;
  return inProgress("Profiling", "Profiling", what);
}

/** How the newest snapshot stands; undefined before the first one. */
function newestSnapshot({ dataset, collector }: Observed, knows: Knowledge): Stand | undefined {
  const snapshot = knows.newSnapshot ?? dataset.status?.snapshot;
  if (snapshot === undefined) return undefined;
  if (knows.quality !== undefined && !knows.quality.met) {
    const { reason, message } = knows.quality;
    return { standing: "NotReady", phase: "QualityNotMet", reason, message };
  }
  const more = knows.wanted ? `; the next one after ${knows.wanted} more preferences` : "";
  const unreadable = collector.readable ? "" : `; the collector cannot be read: ${collector.message}`;
  return {
    standing: "Ready",
    phase: "Ready",
    reason: "SnapshotReady",
    message: `Snapshot ${snapshot.digest.slice(0, 19)} has ${snapshot.pairs} pairs${more}${unreadable}`,
  };
}

function collecting({ dataset, collector }: Observed): Stand {
  if (!collector.readable) return inProgress("Collecting", "CollectorUnreadable", collector.message);
  const { minPairs } = dataset.spec.quality;
  const what = `${collector.preferences} of the ${minPairs} preferences that quality.minPairs asks for are there`;
  return inProgress("Collecting", "Collecting", what);
}
