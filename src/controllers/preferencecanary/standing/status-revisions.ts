import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import type { Facts } from "../facts.ts";

/** Who serves and who is judged, as status says it. */
export function revisionsOf({ run, entered, served }: Facts): Pick<PreferenceCanaryStatus, "stable" | "candidate"> {
  const { stable, stableDigest, candidate } = run;
  const since = {
    ...(entered && { entered: entered.toISOString() }),
    ...(served && { served: served.toISOString() }),
  };
  const among = candidate?.among === undefined ? {} : { among: candidate.among };
  return {
    ...(stable && { stable: { revision: stable, digest: stableDigest ?? "" } }),
    ...(candidate && {
      candidate: { revision: candidate.revision, digest: candidate.digest ?? "", ...since, ...among },
    }),
  };
}
