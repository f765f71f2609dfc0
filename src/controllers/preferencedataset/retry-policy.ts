import type { ProfileFailure } from "../../api/contracts/profile.ts";
import type { Observed, ProfileJob } from "./observed.ts";

/** How long after a failure that is not about the data (a lost pod, a collector that was away) the profile is tried again. */
const RETRY_AFTER_MS = 60_000;

export interface FailedProfile {
  readonly profile: ProfileJob;
  readonly failure: ProfileFailure;
  readonly at: Date;
}

/** Whether only other data can help: then nothing happens until there is some. */
export function needsOtherData({ error }: ProfileFailure): boolean {
  return error.reason === "TooFewPairs" || error.reason === "TooManyInvalid";
}

/** What was wrong with the data is looked at again when there is a tenth more of it; anything else after a minute. */
export function mayRetry(
  { dataset, collector }: Observed,
  { profile, failure, at }: FailedProfile,
  now: Date,
): boolean {
  if (!collector.readable) return false;
  if (!needsOtherData(failure)) return now.getTime() - at.getTime() >= RETRY_AFTER_MS;
  const seen = failure.quality?.records ?? dataset.spec.quality.minPairs;
  return collector.sequence > profile.sequence && collector.preferences >= Math.ceil(seen * 1.1);
}
