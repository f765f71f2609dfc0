import type { ProfileFailure, ProfileResult } from "../../api/contracts/profile.ts";
import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { PreferenceDatasetStatus } from "../../api/v1alpha1/preference-dataset.ts";
import { isTrue } from "../../runtime/conditions.ts";
import { lastTrained } from "./last-trained.ts";
import type { Observed } from "./observed.ts";
import { meetsQuality, type QualityVerdict } from "./quality.ts";

type Snapshot = NonNullable<PreferenceDatasetStatus["snapshot"]>;

/** What this pass does: at most one effect, then the status that `knows` makes. */
export interface Decision {
  readonly action:
    | { readonly type: "Wait" }
    /** A new profile, pinned to this sequence number of the collector. */
    | { readonly type: "TakeSnapshot"; readonly sequence: number }
    /** A failed profile stands in the way of a new try. */
    | { readonly type: "DiscardProfile"; readonly name: string }
    | { readonly type: "Train"; readonly snapshot: Snapshot; readonly pairs: number };
  readonly knows: Knowledge;
}

/** What the pass has established, for the status. */
export interface Knowledge {
  /** A result that is not in status yet. */
  readonly newSnapshot?: ProfileResult;
  /** The newest profile ended without a snapshot. */
  readonly failure?: ProfileFailure;
  readonly quality?: QualityVerdict;
  /** Preferences still wanted before the next snapshot; 0 when one is due. */
  readonly wanted?: number;
}

/** How long after a failure that is not about the data (a lost pod, a collector that was away) the profile is tried again. */
const RETRY_AFTER_MS = 60_000;

export function decide(observed: Observed, now: Date): Decision {
  const { profile, dataset } = observed;
  const ended = profile?.state.phase === "Ended" ? profile.state : undefined;
  if (profile !== undefined && ended === undefined)
    return { action: { type: "Wait" }, knows: verdictOnSnapshot(observed) };

  if (ended !== undefined && "digest" in ended.outcome && profile?.sequence !== dataset.status?.snapshot?.sequence) {
    // Recorded first: everything else follows from what status says about the newest snapshot.
    return {
      action: { type: "Wait" },
      knows: { newSnapshot: ended.outcome, quality: meetsQuality(dataset.spec.quality, ended.outcome) },
    };
  }
  const failure = ended !== undefined && "error" in ended.outcome ? ended.outcome : undefined;
  const knows = { ...verdictOnSnapshot(observed), ...wanted(observed), ...(failure && { failure }) };

  if (failure !== undefined && profile !== undefined && ended !== undefined) {
    const retry = mayRetry(observed, failure, profile.sequence, now.getTime() - ended.at.getTime());
    return { action: retry ? { type: "DiscardProfile", name: profile.name } : { type: "Wait" }, knows };
  }
  const training = trainingDue(observed);
  if (training !== undefined) return { action: training, knows };
  if (knows.wanted === 0 && observed.collector.readable) {
    return { action: { type: "TakeSnapshot", sequence: observed.collector.sequence }, knows };
  }
  return { action: { type: "Wait" }, knows };
}

/** The first snapshot is due at quality.minPairs, each later one after snapshot.minNewPairs more. */
function wanted({ dataset, collector }: Observed): Pick<Knowledge, "wanted"> {
  if (!collector.readable) return {};
  const { snapshot } = dataset.status ?? {};
  const missing =
    snapshot === undefined
      ? dataset.spec.quality.minPairs - collector.preferences
      : dataset.spec.snapshot.minNewPairs - collector.newer;
  return { wanted: Math.max(0, missing) };
}

/** What was wrong with the data is looked at again when there is a tenth more of it; anything else after a minute. */
function mayRetry(
  { dataset, collector }: Observed,
  failure: ProfileFailure,
  sequence: number,
  elapsedMs: number,
): boolean {
  if (!collector.readable) return false;
  const aboutTheData = failure.error.reason === "TooFewPairs" || failure.error.reason === "TooManyInvalid";
  if (!aboutTheData) return elapsedMs >= RETRY_AFTER_MS;
  const seen = failure.quality?.records ?? dataset.spec.quality.minPairs;
  return collector.sequence > sequence && collector.preferences >= Math.ceil(seen * 1.1);
}

function verdictOnSnapshot({ dataset }: Observed): Pick<Knowledge, "quality"> {
  const { status } = dataset;
  if (status?.snapshot === undefined) return {};
  const condition = status.conditions?.find(({ type }) => type === CONDITION.qualityMet);
  return condition === undefined
    ? {}
    : { quality: { met: condition.status === "True", reason: condition.reason, message: condition.message } };
}

/** A snapshot that meets its quality, with enough pairs more than the one trained on last, while no job runs. */
function trainingDue(observed: Observed): Extract<Decision["action"], { type: "Train" }> | undefined {
  const { dataset, jobs } = observed;
  const { snapshot, conditions } = dataset.status ?? {};
  const { retrain } = dataset.spec;
  if (retrain === undefined || snapshot === undefined || !isTrue(conditions, CONDITION.qualityMet)) return undefined;
  if (
    jobs.some(
      ({ status }) => !isTrue(status?.conditions, CONDITION.complete) && !isTrue(status?.conditions, CONDITION.failed),
    )
  ) {
    return undefined;
  }
  const last = lastTrained(observed);
  const due = snapshot.pairs - (last?.pairs ?? 0) >= retrain.when.newPairs && snapshot.digest !== last?.digest;
  return due ? { type: "Train", snapshot, pairs: snapshot.pairs } : undefined;
}
