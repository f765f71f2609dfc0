/** Labels, annotations, finalizers and field managers: every key that this operator puts on an object. */

/** The operator's own mark on what it creates. */
export const MANAGED_BY = { "app.kubernetes.io/managed-by": "dpo-operator" } as const;

export const LABEL = {
  /** On a DPOJob: the PreferenceCanary that takes its model once validated (`model.fromJobs`). */
  publishTo: "dpo.dev/publish-to",
  /** On a DPOJob: the PreferenceDataset whose `retrain` made it. */
  dataset: "dpo.dev/dataset",
  /** On children of a DPOJob. */
  job: "dpo.dev/job",
  /** On children of a PreferenceCanary. */
  canary: "dpo.dev/canary",
  /** On an arm: the revision it serves. */
  revision: "dpo.dev/revision",
  /** On an arm's Deployment, or its Service where somebody else makes the pods: "stable" or "candidate". Selectors never use it, since it changes. */
  role: "dpo.dev/role",
} as const;

export const ANNOTATION = {
  /** On an HTTPRoute: the revision that has the whole weight. Written in the same write that gave it. */
  stable: "dpo.dev/stable",
  /** On an HTTPRoute: the revision that a gate rejected. Written in the same write that took its traffic. */
  rejected: "dpo.dev/rejected",
  /** On an HTTPRoute and a ControllerRevision: why it was rejected or failed, in words. */
  rejectedReason: "dpo.dev/rejected-reason",
  /** On an HTTPRoute: when somebody else's change was last written back, and what that was. Written in the same write. */
  contested: "dpo.dev/contested",
  /** On an HTTPRoute of Git's that a canary has adopted: the canary, and the backends that the rule had, as JSON. */
  adopted: "dpo.dev/adopted",
  /** On an arm and a ControllerRevision: the model's digest. */
  digest: "dpo.dev/digest",
  /** On a ControllerRevision: "Promoted", "RolledBack", or "Failed" (its pods did not become ready; its model is not judged). */
  verdict: "dpo.dev/verdict",
  /** On a ControllerRevision: its model was chosen from `model.candidates`, of which this is a hash. */
  choice: "dpo.dev/choice",
  /** On a ControllerRevision: among how many models it was first compared, by which the rates that judge it are divided. */
  among: "dpo.dev/among",
  /** On a ControllerRevision: "true" once its InferenceService is gone, and no other one is wanted. */
  removed: "dpo.dev/removed",
  /** On a profile Job, and on a DPOJob made by `retrain`: the collector's sequence number of the snapshot. */
  sequence: "dpo.dev/sequence",
  /** On a profile Job: the metadata.generation of the dataset that it was made for. */
  generation: "dpo.dev/generation",
  /** On a DPOJob made by `retrain`: the number of pairs in that snapshot. */
  pairs: "dpo.dev/pairs",
  /** On a PreferenceCanary: `<revision>/<step>`, or several of them with commas between: the step may be left. */
  approve: "dpo.dev/approve",
  /** On a PreferenceCanary: names a revision whose run stays where it is while this stands. */
  pause: "dpo.dev/pause",
  /** On a PreferenceCanary: `<revision>/<step>`, likewise: the step's pause is over. `route/<generation>`: what somebody else wrote into the route is written back. */
  resume: "dpo.dev/resume",
  /** On a PreferenceCanary: names a revision that is promoted now, whatever its gates have yet to say; a Fail still rolls back. */
  promote: "dpo.dev/promote",
  /** On a PreferenceCanary: names a revision that is rolled back now. It outranks every other order. */
  rollback: "dpo.dev/rollback",
  /** On a PreferenceCanary: names a rejected or failed revision that may be tried again. On a ControllerRevision: it was. */
  retry: "dpo.dev/retry",
  /** On a ControllerRevision: when it was last tried again. Only evidence from after that can reject it. */
  triedAgain: "dpo.dev/tried-again-at",
  /** On a ControllerRevision: when it was first to be given requests of users. Earlier ratings of it are not read. */
  firstServed: "dpo.dev/first-served-at",
} as const;

/** An order's annotation with this behind it says who gave it; the API server writes it (manifests/recorded-orders). */
export const RECORDED_BY = "-by";

export const FINALIZER = {
  /** On a PreferenceCanary: stable gets the whole weight, mirror and candidate go, before the object does. */
  canary: "dpo.dev/canary-traffic",
  /** On the Services of the sampler and the candidate: they stay until the route has stopped naming them. */
  routed: "dpo.dev/routed",
} as const;

/** One field manager a controller, for server-side apply. */
export const FIELD_MANAGER = {
  preferenceDataset: "dpo-preferencedataset",
  dpoJob: "dpo-dpojob",
  preferenceCanary: "dpo-preferencecanary",
  /** Progress that trainers push. */
  progress: "dpo-progress",
} as const;

/** The response header by which a client, a log or a test sees which revision answered. */
export const ARM_HEADER = "x-dpo-arm";
/** The same, in answers to testers: whoever counts or rates answers by the other header leaves these out. */
export const TESTED_ARM_HEADER = "x-dpo-tested-arm";

/**
 * The response header by which answers show which weights they were served by: a hash of both slots, so that it changes
 * with the weights alone and needs nobody to count. Weights that come back have the epoch that they had.
 */
export const EPOCH_HEADER = "x-dpo-epoch";
