import type { ProfileResult } from "../../api/contracts/profile.ts";
import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { PreferenceDatasetStatus } from "../../api/v1alpha1/preference-dataset.ts";
import { isTrue } from "../../runtime/conditions.ts";
import { lastTrained } from "./last-trained.ts";
import { measurements } from "./measurements.ts";
import type { Observed } from "./observed.ts";
import { meetsQuality, type QualityVerdict } from "./quality.ts";
import { type FailedProfile, mayPass, mayRetry, type Refused, refusedBy } from "./retry-policy.ts";

type Snapshot = NonNullable<PreferenceDatasetStatus["snapshot"]>;

/** What this pass does: at most one effect, then the status that `knows` makes. */
export interface Decision {
  readonly action:
    | { readonly type: "Wait" }
    /** A new profile, pinned to this sequence number of the collector. */
    | { readonly type: "TakeSnapshot"; readonly sequence: number }
    /** A failed profile stands in the way of a new try. */
    | { readonly type: "DiscardProfile"; readonly name: string; readonly uid: string }
    | { readonly type: "Train"; readonly snapshot: Snapshot; readonly pairs: number };
  readonly knows: Knowledge;
}

/** What the pass has established, for the status. */
export interface Knowledge {
  /** A result that is not in status yet. */
  readonly newSnapshot?: ProfileResult;
  /** Why the newest profile ended without a snapshot. */
  readonly failure?: { readonly reason: string; readonly message: string };
  /** The data was why, so that only other data or another spec can help. */
  readonly refused?: Refused;
  /** What spec.quality, as it is now, makes of the newest snapshot. */
  readonly quality?: QualityVerdict;
  /** Preferences still wanted before the next snapshot; 0 when one is due. */
  readonly wanted?: number;
  /** What became of the action: kind and name of an object that stands in its way. */
  readonly nameTaken?: string;
}

export function decide(observed: Observed, now: Date): Decision {
  const { profile, dataset, collector } = observed;
  if (profile?.state.phase === "Running") return { action: { type: "Wait" }, knows: verdictOnSnapshot(observed) };

  const newSnapshot = unrecorded(observed);
  if (newSnapshot !== undefined) {
    // Recorded first: everything else follows from what status says about the newest snapshot.
    const quality = meetsQuality(dataset.spec.quality, newSnapshot.pairs, measurements(newSnapshot));
    return { action: { type: "Wait" }, knows: { newSnapshot, quality } };
  }
  const failed = failedProfile(profile);
  const knows = { ...verdictOnSnapshot(observed), ...wanted(observed), ...whyNone(observed, failed) };
  const training = trainingDue(observed, knows);
  if (training !== undefined) return { action: training, knows };
  if (failed !== undefined && mayRetry(observed, failed, now)) {
    const { name, uid } = failed.profile;
    return { action: { type: "DiscardProfile", name, uid }, knows };
  }
  if (knows.failure === undefined && knows.wanted === 0 && collector.readable) {
    return { action: { type: "TakeSnapshot", sequence: collector.sequence }, knows };
  }
  return { action: { type: "Wait" }, knows };
}

/** What the newest profile found, unless status says so already. */
function unrecorded({ profile, dataset }: Observed): ProfileResult | undefined {
  if (profile?.state.phase !== "Ended" || !("digest" in profile.state.outcome)) return undefined;
  return profile.sequence === dataset.status?.snapshot?.sequence ? undefined : profile.state.outcome;
}

function failedProfile(profile: Observed["profile"]): FailedProfile | undefined {
  if (profile?.state.phase !== "Ended" || !("error" in profile.state.outcome)) return undefined;
  return { profile, failure: profile.state.outcome, at: profile.state.at };
}

/** From the failed profile or, once its Job is gone, from what status remembers until another try may end differently. */
function whyNone(observed: Observed, failed: FailedProfile | undefined): Pick<Knowledge, "failure" | "refused"> {
  if (failed !== undefined) {
    const refused = refusedBy(failed);
    return { failure: failed.failure.error, ...(refused && { refused }) };
  }
  const { refused } = observed.dataset.status ?? {};
  return refused === undefined || mayPass(observed, refused) ? {} : { failure: refused, refused };
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

/** Anew at every pass: spec.quality may have changed since the snapshot was taken. */
function verdictOnSnapshot({ dataset }: Observed): Pick<Knowledge, "quality"> {
  const { snapshot, quality } = dataset.status ?? {};
  if (snapshot === undefined || quality === undefined) return {};
  return { quality: meetsQuality(dataset.spec.quality, snapshot.pairs, quality) };
}

/** A snapshot that meets its quality, with enough pairs more than the one trained on last, while no job runs. */
function trainingDue(
  observed: Observed,
  { quality }: Knowledge,
): Extract<Decision["action"], { type: "Train" }> | undefined {
  const { dataset, jobs } = observed;
  const { snapshot } = dataset.status ?? {};
  const { retrain } = dataset.spec;
  if (retrain === undefined || snapshot === undefined || quality?.met !== true) return undefined;
  const over = [CONDITION.complete, CONDITION.failed];
  if (!jobs.every(({ status }) => over.some((type) => isTrue(status?.conditions, type)))) return undefined;
  const last = lastTrained(observed);
  const due = snapshot.pairs - (last?.pairs ?? 0) >= retrain.when.newPairs && snapshot.digest !== last?.digest;
  return due ? { type: "Train", snapshot, pairs: snapshot.pairs } : undefined;
}
