import type { Deployment, Service } from "../../kube/built-in.ts";
import type { InferenceService } from "../../kube/kserve.ts";
import type { KubeObject, Stored } from "../../kube/object.ts";
import { isControlledBy } from "../../kube/owner.ts";
import { predictorName } from "../../traffic/names.ts";
import { backingOf } from "./arms/external-arm.ts";
import { deploymentMode, MODE } from "./arms/inference-service-arm.ts";
import type { ObservedInferenceService } from "./observed.ts";

/** What Knative labels the objects of its own revisions with. Where their names would be too long they are cut, and these are not. */
const KNATIVE_REVISION = "serving.knative.dev/revision";
/** Of two Services it has a selector. */
const KNATIVE_PRIVATE = { label: "networking.internal.knative.dev/serviceType", value: "Private" };
/** Of the Services with a selector that KServe, or Knative for it, makes. */
const PREDICTOR_PORT = 80;
/** Its condition Ready is about KServe's own route too, which nobody uses here; in Knative mode so is PredictorReady. */
const READY = { Standard: "PredictorReady", Knative: "PredictorConfigurationReady" };

interface Made {
  readonly deployment: Stored<Deployment> | undefined;
  readonly service: Stored<Service> | undefined;
}

/**
 * What is made for an InferenceService, as far as it is there: by KServe under its own name, or by Knative for each of its own revisions, of
 * which the newest that could serve is meant.
 */
export function madeFor(
  inferenceService: Stored<InferenceService>,
  own: { readonly deployments: readonly Stored<Deployment>[]; readonly services: readonly Stored<Service>[] },
): Made {
  if (deploymentMode(inferenceService.status?.deploymentMode) === "Knative") {
    const revision = knativeRevision(inferenceService);
    const isMade = ({ metadata }: KubeObject) =>
      revision !== undefined && metadata.labels?.[KNATIVE_REVISION] === revision;
    const isPrivate = ({ metadata }: KubeObject) => metadata.labels?.[KNATIVE_PRIVATE.label] === KNATIVE_PRIVATE.value;
    return {
      deployment: own.deployments.find(isMade),
      service: own.services.find((object) => isMade(object) && isPrivate(object)),
    };
  }
  const isMade = (object: KubeObject) =>
    object.metadata.name === predictorName(inferenceService.metadata.name) && isControlledBy(object, inferenceService);
  return { deployment: own.deployments.find(isMade), service: own.services.find(isMade) };
}

function knativeRevision({ status }: InferenceService): string | undefined {
  const { latestReadyRevision, latestCreatedRevision } = status?.components?.predictor ?? {};
  return latestReadyRevision || latestCreatedRevision;
}

/** How KServe says that it is; `service`: the one whose selector finds its pods. */
export function readInferenceService(
  object: ObservedInferenceService["object"],
  service: Service | undefined,
): ObservedInferenceService {
  const { uid, name, deletionTimestamp } = object.metadata;
  const terminating = deletionTimestamp !== undefined;
  const called = service?.metadata?.name ?? predictorName(name);
  const backing = backingOf({ service: called, port: PREDICTOR_PORT }, service);
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

function problemOf({ metadata, status = {} }: InferenceService): string | undefined {
  const { name, deletionTimestamp, annotations } = metadata;
  // Its pods may still answer, but not for long.
  if (deletionTimestamp !== undefined)
    return `InferenceService ${name} is being deleted, and KServe has not let go of it yet`;
  const { conditions = [], modelStatus } = status;
  const wanted = deploymentMode(annotations?.[MODE]);
  const mode = status.deploymentMode === undefined ? wanted : deploymentMode(status.deploymentMode);
  if (mode === undefined || mode !== wanted) {
    const remedy = "before KServe 0.16 that has to be RawDeployment, or Serverless for Knative";
    return `KServe runs InferenceService ${name} in mode ${status.deploymentMode}, and its annotation ${MODE} asks for ${annotations?.[MODE] ?? "Standard"}: ${remedy}`;
  }
  const conditionOf = (name: string) => conditions.find(({ type }) => type === name);
  const condition = conditionOf(READY[mode]);
  if (condition?.status === "True") return undefined;
  const { reason, message, exitCode } = modelStatus?.lastFailureInfo ?? {};
  const exit = exitCode === undefined ? "" : ` (exit code ${exitCode})`;
  const failure = [reason && `${reason}${exit}`, message].filter(Boolean).join(": ");
  // Of what Knative has refused altogether only the latter tells.
  const [words] = [condition, conditionOf(READY.Standard)].flatMap((each) => each?.message || each?.reason || []);
  // A failure stays when it is over.
  const said = [words, failure && `last failure: ${failure}`].filter(Boolean);
  if (said.length > 0) return `KServe says of InferenceService ${name}: ${said.join("; ")}`;
  return `KServe has not said why InferenceService ${name} is not ready: see kubectl describe inferenceservice ${name}, and whether KServe's controller runs`;
}
