import type { KubeObject } from "./object.ts";

/** serving.kserve.io/v1beta1, as far as we write or read it. */
export interface InferenceService extends KubeObject {
  readonly spec?: { readonly predictor: PredictorSpec } | undefined;
  readonly status?: InferenceServiceStatus | undefined;
}

/** With every other field of KServe's that somebody wrote. */
export interface PredictorSpec {
  readonly model: { readonly modelFormat: object; readonly storageUri?: string | undefined };
  /** Of its pods; they win over those of the InferenceService. */
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly minReplicas?: number | undefined;
  readonly maxReplicas?: number | undefined;
}

/** Its observedGeneration is that of the Deployment that KServe makes, and says nothing about the InferenceService's own. */
export interface InferenceServiceStatus {
  readonly conditions?:
    | readonly {
        readonly type: string;
        readonly status: string;
        readonly reason?: string | undefined;
        readonly message?: string | undefined;
      }[]
    | undefined;
  readonly deploymentMode?: string | undefined;
  /** Of Knative's Service, in Knative mode. */
  readonly components?: { readonly predictor?: ComponentStatus | undefined } | undefined;
  /** The failure stays when it is over. */
  readonly modelStatus?: { readonly lastFailureInfo?: ModelFailure | undefined } | undefined;
}

/** Names of Knative revisions; empty before there is one. */
export interface ComponentStatus {
  readonly latestCreatedRevision?: string | undefined;
  readonly latestReadyRevision?: string | undefined;
}

export interface ModelFailure {
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly exitCode?: number | undefined;
}
