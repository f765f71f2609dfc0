import type { InferenceServiceTemplate } from "../../../api/v1alpha1/canary-serving.ts";
import { ANNOTATION, LABEL, MANAGED_BY } from "../../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import type { Applied } from "../../../kube/client.ts";
import type { InferenceService, PredictorSpec } from "../../../kube/kserve.ts";
import { armName, knativeArmName } from "../../../traffic/names.ts";
import type { Observed, ObservedInferenceService } from "../observed.ts";
import type { Hindrance } from "../standing/route-standing.ts";
import type { PredictorInputs } from "./revision.ts";

type PredictorArm = PredictorInputs & { readonly revision: string };

/** The annotation that says how KServe runs an InferenceService. */
export const MODE = "serving.kserve.io/deploymentMode";
/** Else KServe makes a way from outside around the canary. */
const CLUSTER_LOCAL = { "networking.kserve.io/visibility": "cluster-local" };
/** Of those two labels each mode heeds its own. */
const CLUSTER_LOCAL_IN_KNATIVE = { "networking.knative.dev/visibility": "cluster-local" };
/**
 * Knative gives up on a revision without a ready pod after that, be it a new one or one that has served, and makes no pods of
 * it any more. How long an arm is waited for, readyWithin says.
 */
const PATIENCE_OF_KNATIVE = { "serving.knative.dev/progress-deadline": "8760h" };

/**
 * `podsAtLeast`: whatever the template says, but for its maxReplicas. `existing`: the InferenceService that stands. KServe hands on every label and annotation to the pods, and its webhook writes
 * parts of the spec anew: whatever changes there would restart what serves, or be changed back for ever. So nothing but
 * the number of pods ever does, and the arm's role stands on its Service.
 */
export function armInferenceService(
  canary: PreferenceCanary,
  inputs: PredictorArm,
  podsAtLeast: number,
  existing?: ObservedInferenceService,
): Applied<InferenceService> {
  const { name, namespace } = canary.metadata;
  const { revision, model, inferenceService: template } = inputs;
  const standing = existing?.object;
  const isOfKnative = isInKnative(template);
  const ours = {
    ...CLUSTER_LOCAL,
    ...(isOfKnative && CLUSTER_LOCAL_IN_KNATIVE),
    ...MANAGED_BY,
    [LABEL.canary]: name,
    [LABEL.revision]: revision,
  };
  const annotations = {
    [MODE]: "Standard",
    ...(isOfKnative && PATIENCE_OF_KNATIVE),
    ...template.annotations,
    ...(model.digest && { [ANNOTATION.digest]: model.digest }),
  };
  const scale = scaleOf(canary.spec.serving.inferenceService ?? template, podsAtLeast);
  return {
    metadata: {
      name: isOfKnative ? knativeArmName(name, revision) : armName(name, revision),
      namespace,
      ...(existing && { uid: existing.uid }),
      labels: { ...(standing ? standing.metadata.labels : template.labels), ...ours },
      annotations: standing?.metadata.annotations ?? annotations,
    },
    spec: {
      ...standing?.spec,
      predictor: { ...(standing?.spec?.predictor ?? predictorOf(inputs)), ...scale },
    },
  };
}

/** Both are always said, as KServe would fill them in: what is left out stays as anybody else has set it. */
function scaleOf(
  { predictor }: InferenceServiceTemplate,
  podsAtLeast: number,
): Pick<PredictorSpec, "minReplicas" | "maxReplicas"> {
  const { minReplicas = 1, maxReplicas = minReplicas } = predictor;
  return { minReplicas: Math.min(Math.max(minReplicas, podsAtLeast), maxReplicas), maxReplicas };
}

/** A model that no volume of ours holds is left to KServe, as the template says. */
function predictorOf({ model, inferenceService: { predictor } }: PredictorInputs): PredictorSpec {
  return { ...predictor, model: { ...predictor.model, ...(model.uri && { storageUri: model.uri }) } };
}

/** Why there can be no such arms, and what to do about it. */
export function kserveHindrance(
  { canary, inferenceServices }: Observed,
  stable: string | undefined,
): Hindrance | undefined {
  const isUnseen = inferenceServices === "Missing" || inferenceServices === "Hidden";
  if (canary.spec.serving.inferenceService === undefined || !isUnseen) return undefined;
  const remedy =
    "install KServe, give the manager the rule of its ClusterRole for them, or set serving.template or serving.workloadRef instead";
  const rest = stable === undefined ? "" : `. ${stable} goes on serving`;
  return {
    reason: "KServeNotInstalled",
    message: `The API server does not know InferenceService of serving.kserve.io/v1beta1, or does not let the manager list it: ${remedy}${rest}`,
  };
}

/** Names since KServe 0.16, for what it called RawDeployment and Serverless before; undefined for a mode without pods of its own. */
export function deploymentMode(text = "Standard"): "Standard" | "Knative" | undefined {
  if (text === "Standard" || text === "RawDeployment") return "Standard";
  return text === "Knative" || text === "Serverless" ? "Knative" : undefined;
}

/** Whether Knative scales its pods, and makes new ones of any change. */
export function isInKnative({ annotations }: InferenceServiceTemplate): boolean {
  return deploymentMode(annotations?.[MODE]) === "Knative";
}
