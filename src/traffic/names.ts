/** Names of a canary's objects. A canary's own name has at most 40 characters, so that these stay names of Services. */

/** Deployment or InferenceService, Service and ControllerRevision of an arm. */
export function armName(canary: string, revision: string): string {
  return `${canary}-${revision}`;
}

const KNATIVE_SUFFIX = "-isvc";

/** InferenceService of an arm in Knative mode, in which KServe makes a Service of its own with the name of the InferenceService. */
export function knativeArmName(canary: string, revision: string): string {
  return `${armName(canary, revision)}${KNATIVE_SUFFIX}`;
}

/** The arm that one of its objects is called by. Revisions are hexadecimal, so none ends as such an InferenceService does. */
export function armNameIn(name: string): string {
  return name.endsWith(KNATIVE_SUFFIX) ? name.slice(0, -KNATIVE_SUFFIX.length) : name;
}

/** Deployment and Service that KServe makes for the predictor of an InferenceService. */
export function predictorName(inferenceService: string): string {
  return `${inferenceService}-predictor`;
}

/** Deployment and Service of the sampler. No revision is called so: revisions are hexadecimal. */
export function samplerName(canary: string): string {
  return `${canary}-sampler`;
}

/** Deployment of the judge. */
export function judgeName(canary: string): string {
  return `${canary}-judge`;
}
