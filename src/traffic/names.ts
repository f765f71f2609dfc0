/** Names of a canary's objects. A canary's own name has at most 40 characters, so that these stay names of Services. */

/** Deployment or InferenceService, Service and ControllerRevision of an arm. */
export function armName(canary: string, revision: string): string {
  return `${canary}-${revision}`;
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
