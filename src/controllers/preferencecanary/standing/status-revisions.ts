import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import type { Facts } from "../facts.ts";
import { beganAt } from "../run/began.ts";
import type { Candidate } from "../run/run.ts";
import { type Refused, refusedSince } from "./refusals.ts";

/** Who serves and who is judged, as status says it. */
export function revisionsOf(facts: Facts): Pick<PreferenceCanaryStatus, "stable" | "candidate"> {
  const { run, entered, served } = facts;
  const { stable, stableDigest, candidate } = run;
  const since = candidate && {
    began: beganAt(facts.observed, candidate.revision, facts.now).toISOString(),
    ...(entered && { entered: entered.toISOString() }),
    ...(served && { served: served.toISOString() }),
  };
  const among = candidate?.among === undefined ? {} : { among: candidate.among };
  const refused = candidate && refusedOf(facts, candidate);
  return {
    ...(stable && { stable: { revision: stable, digest: stableDigest ?? "" } }),
    ...(candidate && {
      candidate: {
        revision: candidate.revision,
        digest: candidate.digest ?? "",
        ...since,
        ...among,
        ...(refused && { refused }),
      },
    }),
  };
}

function refusedOf(facts: Facts, { revision, state }: Candidate): Refused | undefined {
  const known = facts.observed.canary.status?.candidate;
  if (state !== "Running" || facts.isServing) return undefined;
  return refusedSince(facts, revision, known?.revision === revision ? known.refused : undefined);
}
