import type { ProfileFailure } from "../../api/contracts/profile.ts";
import type { PreferenceDatasetStatus } from "../../api/v1alpha1/preference-dataset.ts";
import type { Observed, ProfileJob } from "./observed.ts";

/** How long after a failure that is not about the data (a lost pod, a collector that was away) the profile is tried again. */
const RETRY_AFTER_MS = 60_000;

/** Data that a profile found unfit. Status remembers it, since the Job that says so is deleted after a while. */
export type Refused = NonNullable<PreferenceDatasetStatus["refused"]>;

/** The newest profile, when it ended without a snapshot. */
export interface FailedProfile {
  readonly profile: ProfileJob;
  readonly failure: ProfileFailure;
  readonly at: Date;
}

/** What the profile refused; undefined when it failed for another reason than the data. */
export function refusedBy({ profile, failure }: FailedProfile): Refused | undefined {
  const { reason, message } = failure.error;
  if (reason !== "TooFewPairs" && reason !== "TooManyInvalid") return undefined;
  const { sequence, generation } = profile;
  return { sequence, generation, ...(failure.quality && { records: failure.quality.records }), reason, message };
}

/** Whether another try may end differently: there is a tenth more data, or spec asks for something else. */
export function mayPass({ dataset, collector }: Observed, { sequence, generation, records }: Refused): boolean {
  if (!collector.readable) return false;
  if (dataset.metadata.generation !== generation) return true;
  const seen = records ?? dataset.spec.quality.minPairs;
  return collector.sequence > sequence && collector.preferences >= Math.ceil(seen * 1.1);
}

/** What was wrong with the data is looked at again when that may have changed; anything else after a minute. */
export function mayRetry(observed: Observed, failed: FailedProfile, now: Date): boolean {
  const refused = refusedBy(failed);
  if (refused !== undefined) return mayPass(observed, refused);
  return observed.collector.readable && now.getTime() - failed.at.getTime() >= RETRY_AFTER_MS;
}
