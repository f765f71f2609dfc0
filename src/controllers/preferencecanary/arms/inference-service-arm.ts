import type { InferenceServiceTemplate } from "../../../api/v1alpha1/canary-serving.ts";
import { ANNOTATION, LABEL, MANAGED_BY } from "../../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import type { Service } from "../../../kube/built-in.ts";
import type { Applied } from "../../../kube/client.ts";
import type { InferenceService, PredictorSpec } from "../../../kube/kserve.ts";
import { armName, predictorName } from "../../../traffic/names.ts";
import type { Observed, ObservedInferenceService } from "../observed.ts";
import type { Hindrance } from "../standing/route-standing.ts";
import { backingOf } from "./external-arm.ts";
import type { PredictorInputs } from "./revision.ts";

type PredictorArm = PredictorInputs & { readonly revision: string };

/** In which KServe makes a Deployment, and a Service with a selector. Before 0.16 it was called RawDeployment. */
const MODE = { "serving.kserve.io/deploymentMode": "Standard" };
const STANDARD = ["Standard", "RawDeployment"];
/** Else KServe makes a way from outside around the canary. */
const CLUSTER_LOCAL = { "networking.kserve.io/visibility": "cluster-local" };
/** Of the Services that KServe makes. */
const PREDICTOR_PORT = 80;

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
  const ours = { ...CLUSTER_LOCAL, ...MANAGED_BY, [LABEL.canary]: name, [LABEL.revision]: revision };
  const annotations = { ...MODE, ...template.annotations, ...(model.digest && { [ANNOTATION.digest]: model.digest }) };
  const scale = scaleOf(canary.spec.serving.inferenceService ?? template, podsAtLeast);
  return {
    metadata: {
      name: armName(name, revision),
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

/** How KServe says that it is; `service`: the one that KServe has made for its pods. */
export function readInferenceService(
  object: ObservedInferenceService["object"],
  service: Service | undefined,
): ObservedInferenceService {
  const { uid, name, deletionTimestamp } = object.metadata;
  const terminating = deletionTimestamp !== undefined;
  const backing = backingOf({ service: predictorName(name), port: PREDICTOR_PORT }, service);
  const problem = problemOf(object) ?? (typeof backing === "string" ? backing : undefined);
  return {
    object,
    uid,
    terminating,
    minPods: minPodsOf(object),
    ready: problem === undefined,
    ...(problem !== undefined && { problem }),
    ...(!terminating && typeof backing !== "string" && { backing }),
  };
}

const AUTOSCALER = "serving.kserve.io/autoscalerClass";

/** An autoscaler of somebody else's has numbers of its own. */
function minPodsOf({ metadata, spec }: InferenceService): number {
  const autoscaler = spec?.predictor.annotations?.[AUTOSCALER] ?? metadata.annotations?.[AUTOSCALER];
  return autoscaler === "external" ? 1 : (spec?.predictor.minReplicas ?? 1);
}

/** Its condition Ready is about its own route too, which nobody uses here. */
function problemOf({ metadata: { name, deletionTimestamp }, status = {} }: InferenceService): string | undefined {
  // Its pods may still answer, but not for long.
  if (deletionTimestamp !== undefined)
    return `InferenceService ${name} is being deleted, and KServe has not let go of it yet`;
  const { conditions = [], deploymentMode = "Standard", modelStatus } = status;
  if (!STANDARD.includes(deploymentMode)) {
    const remedy = "before KServe 0.16 its annotation serving.kserve.io/deploymentMode has to be RawDeployment";
    return `KServe runs InferenceService ${name} in mode ${deploymentMode}, in which there are no pods for an arm: ${remedy}`;
  }
  const condition = conditions.find(({ type }) => type === "PredictorReady");
  if (condition?.status === "True") return undefined;
  const { reason, message, exitCode } = modelStatus?.lastFailureInfo ?? {};
  const exit = exitCode === undefined ? "" : ` (exit code ${exitCode})`;
  const failure = [reason && `${reason}${exit}`, message].filter(Boolean).join(": ");
  // It stays when it is over.
  const said = [condition?.message || condition?.reason, failure && `last failure: ${failure}`].filter(Boolean);
  if (said.length > 0) return `KServe says of InferenceService ${name}: ${said.join("; ")}`;
  return `KServe has not said why InferenceService ${name} is not ready: see kubectl describe inferenceservice ${name}, and whether KServe's controller runs`;
}
