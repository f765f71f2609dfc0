/**
 * Condition types of the three kinds. Ready, Reconciling and Stalled speak kstatus: Reconciling and Stalled are
 * abnormal when True, and are never True together. Each condition has one owner, the controller of its kind.
 */
export const CONDITION = {
  ready: "Ready",
  reconciling: "Reconciling",
  stalled: "Stalled",
  /** PreferenceDataset: the newest snapshot meets spec.quality. */
  qualityMet: "QualityMet",
  /** DPOJob: no pod runs because spec.suspend is true. */
  suspended: "Suspended",
  /** DPOJob: training and validation ended and the artifact is there. */
  complete: "Complete",
  /** DPOJob: it will not be tried again. */
  failed: "Failed",
  /** DPOJob: the model passed spec.validation, so a canary may take it. */
  validated: "Validated",
  /** PreferenceCanary: every gate has passed for the current candidate. */
  gatesPassed: "GatesPassed",
  /** PreferenceCanary: a gate's numbers are others than when the run's first piece of evidence came. */
  gatesChanged: "GatesChanged",
  /** PreferenceCanary: evidence comes too slowly for a gate to pass before spec.deadline. */
  outOfReach: "OutOfReach",
  /** PreferenceCanary: somebody else wrote into its route, and that stands, or was written back within the last hour. */
  routeContested: "RouteContested",
  /** PreferenceCanary: the API server does not take something that the canary writes. */
  writeRefused: "WriteRefused",
  /** PreferenceCanary: a pod of one of its arms gets no further; the reason is the scheduler's or the kubelet's. */
  podsWaiting: "PodsWaiting",
  /** PreferenceCanary: the last run was taken back. */
  rolledBack: "RolledBack",
} as const;
