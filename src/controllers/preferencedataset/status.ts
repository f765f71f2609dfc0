import type { ProfileResult } from "../../api/contracts/profile.ts";
import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { PreferenceDatasetStatus } from "../../api/v1alpha1/preference-dataset.ts";
import { type NewCondition, setConditions } from "../../runtime/conditions.ts";
import { type Standing, standingConditions } from "../kstatus.ts";
import type { Decision, Knowledge } from "./decide.ts";
import { lastTrained } from "./last-trained.ts";
import { measurements } from "./measurements.ts";
import type { Observed } from "./observed.ts";
import { needsOtherData } from "./retry-policy.ts";

/** The whole status, from what was seen and decided. Everything that is not known anew keeps its last value. */
export function status(observed: Observed, decision: Decision, now: Date): PreferenceDatasetStatus {
  const { dataset, collector } = observed;
  const { newSnapshot } = decision.knows;
  const generation = dataset.metadata.generation;
  const previous = dataset.status ?? {};
  const standing = stand(observed, decision);
  const trained = lastTrained(observed);
  return {
    ...previous,
    observedGeneration: generation,
    phase: standing.phase,
    ...(collector.readable && { collected: { preferences: collector.preferences, sequence: collector.sequence } }),
    ...(newSnapshot && { snapshot: snapshotStatus(newSnapshot), quality: measurements(newSnapshot) }),
    ...(trained && { lastTrained: trained }),
    conditions: [
      ...setConditions(
        previous.conditions ?? [],
        [
          ...standingConditions(standing.standing, standing.reason, standing.message, generation),
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
}

function stand({ dataset, collector, profile }: Observed, { action, knows }: Decision): Stand {
  const inProgress = (phase: string, reason: string, message: string): Stand => ({
    standing: "InProgress",
    phase,
    reason,
    message,
  });
  if (knows.nameTaken !== undefined)
    return { standing: "Stalled", phase: "Stalled", reason: "NameTaken", message: nameTaken(knows.nameTaken) };
  if (profile?.state.phase === "Running") {
    if (profile.unschedulable !== undefined)
      return inProgress(
        "Profiling",
        "Unschedulable",
        `No node takes the pod of Job ${profile.name}: ${profile.unschedulable}`,
      );
    return inProgress(
      "Profiling",
      "Profiling",
      `Job ${profile.name} makes a snapshot of what the collector received up to number ${profile.sequence}`,
    );
  }
  if (action.type === "TakeSnapshot")
    return inProgress("Profiling", "Profiling", `A snapshot up to number ${action.sequence} is due`);
  if (knows.failure !== undefined) {
    const { reason, message } = knows.failure.error;
    if (needsOtherData(knows.failure) && action.type !== "DiscardProfile")
      return { standing: "Stalled", phase: "Stalled", reason, message };
    return inProgress("Profiling", "Retrying", `The profile is tried again; it failed with ${reason}: ${message}`);
  }
  const snapshot = knows.newSnapshot ?? dataset.status?.snapshot;
  if (snapshot === undefined) {
    if (!collector.readable) return inProgress("Collecting", "CollectorUnreadable", collector.message);
    const { minPairs } = dataset.spec.quality;
    return inProgress(
      "Collecting",
      "Collecting",
      `${collector.preferences} of the ${minPairs} preferences that quality.minPairs asks for are there`,
    );
  }
  if (knows.quality !== undefined && !knows.quality.met) {
    const { reason, message } = knows.quality;
    return { standing: "NotReady", phase: "QualityNotMet", reason, message };
  }
  const more = knows.wanted === undefined ? "" : `; the next one after ${knows.wanted} more preferences`;
  const unreadable = collector.readable ? "" : `; the collector cannot be read: ${collector.message}`;
  return {
    standing: "Ready",
    phase: "Ready",
    reason: "SnapshotReady",
    message: `Snapshot ${snapshot.digest.slice(0, 19)} has ${snapshot.pairs} pairs${more}${unreadable}`,
  };
}
