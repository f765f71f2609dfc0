import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { digestSchema } from "../../../artifacts/digest.ts";
import type { Model } from "./model.ts";

export interface ModelChoice {
  readonly spec: PreferenceCanarySpec["model"];
  /** The model that the template names. */
  readonly own: Model;
  readonly jobs: readonly Model[];
  /** What stable serves; absent while nothing does. */
  readonly stable?: Model;
  /** Whether a run of this model was rejected, or failed, and nobody asked to try it again; or no pod can mount it. */
  readonly isBlocked: (model: Model) => boolean;
}

/**
 * The model that should be served. The first one is always the template's own: without something that serves there is
 * nothing to compare with. With `fromJobs` it is that of the newest validated job that is not blocked and is newer than
 * the one that stable came from, so that deleting a job never brings an older model back.
 */
export function desiredModel({ spec, own, jobs, stable, isBlocked }: ModelChoice): Model {
  if (stable === undefined) return own;
  if (spec.uri !== undefined && spec.digest !== undefined) {
    return { uri: spec.uri, digest: digestSchema.parse(spec.digest), origin: { type: "Spec" } };
  }
  const next = newerJobs(jobs, stable).find((job) => !isBlocked(job));
  return next ?? (stable.origin.type === "Template" ? own : stable);
}

/** Models of jobs newer than the one that stable came from, the newest first. */
export function newerJobs(jobs: readonly Model[], stable: Model): Model[] {
  const newest = jobs.toSorted(byAge).toReversed();
  const since = stable.origin.type === "Job" ? stable : newest.find(({ digest }) => digest === stable.digest);
  return newest.filter((job) => since === undefined || byAge(since, job) < 0);
}

/** The older first. */
function byAge(a: Model, b: Model): number {
  const [first, second] = [age(a), age(b)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}

/** RFC 3339 in whole seconds sorts as text. */
function age({ origin }: Model): string {
  return origin.type === "Job" ? `${origin.created} ${origin.name}` : "";
}
