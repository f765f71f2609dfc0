import type { Deployment, Service } from "../../kube/built-in.ts";
import type { InferenceService } from "../../kube/kserve.ts";
import type { KubeObject, Stored } from "../../kube/object.ts";
import { isControlledBy } from "../../kube/owner.ts";
import { predictorName } from "../../traffic/names.ts";
import { backingOf } from "./arms/external-arm.ts";
import { deploymentMode, MODE } from "./arms/inference-service-arm.ts";
import type { ObservedInferenceService } from "./observed.ts";

/** By these labels Knative's own revisions are known: they have their full names, where those of their objects are cut. */
const KNATIVE = { service: "serving.knative.dev/service", revision: "serving.knative.dev/revision" };
/** Of the two Services of a Knative revision, the one with a selector. */
const PRIVATE = { label: "networking.internal.knative.dev/serviceType", value: "Private" };
/** Of the Services with a selector that KServe, or Knative for it, makes. */
const PREDICTOR_PORT = 80;
/** Its condition Ready is about KServe's own route too, which nobody uses here; in Knative mode so is PredictorReady. */
const READY = { Standard: "PredictorReady", Knative: "PredictorConfigurationReady" };

interface Made {
  readonly deployment: Stored<Deployment> | undefined;
  readonly service: Stored<Service> | undefined;
  /** Whose pods will take over from those of `deployment` once they are ready. */
  readonly next?: Stored<Deployment> | undefined;
}

interface Own {
  readonly deployments: readonly Stored<Deployment>[];
  readonly services: readonly Stored<Service>[];
}

/**
 * What is made for an InferenceService, as far as it is there: by KServe under its own name, or by Knative for each of its own revisions, of
 * which the newest that could serve is meant.
 */
export function madeFor(inferenceService: Stored<InferenceService>, { deployments, services }: Own): Made {
  if (modeOf(inferenceService) === "Knative") {
    const { serving, next } = knativeRevisions(inferenceService);
    const isOf = (revision: string | undefined) => (object: KubeObject) =>
      revision !== undefined && object.metadata.labels?.[KNATIVE.revision] === revision;
    const isPrivate = ({ metadata }: KubeObject) => metadata.labels?.[PRIVATE.label] === PRIVATE.value;
    return {
      deployment: deployments.find(isOf(serving ?? next)),
      service: services.filter(isPrivate).find(isOf(serving ?? next)),
      ...(serving !== undefined && { next: deployments.find(isOf(next)) }),
    };
  }
  const isMade = (object: KubeObject) =>
    object.metadata.name === predictorName(inferenceService.metadata.name) && isControlledBy(object, inferenceService);
  return { deployment: deployments.find(isMade), service: services.find(isMade) };
}

function modeOf({ metadata, status }: InferenceService): "Standard" | "Knative" | undefined {
  return deploymentMode(status?.deploymentMode ?? metadata.annotations?.[MODE]);
}

/** `serving`: once its pods were ready; `next`: where another is on its way. */
function knativeRevisions({ status }: InferenceService): { readonly serving?: string; readonly next?: string } {
  const { latestReadyRevision: ready, latestCreatedRevision: created } = status?.components?.predictor ?? {};
  return { ...(ready && { serving: ready }), ...(created && created !== ready && { next: created }) };
}

/** How KServe says that it is; `service`: the one whose selector finds its pods. */
export function readInferenceService(
  object: ObservedInferenceService["object"],
  service: Service | undefined,
): ObservedInferenceService {
  const { uid, name, deletionTimestamp } = object.metadata;
  const terminating = deletionTimestamp !== undefined;
  const predictor = predictorName(name);
  const backing = backingOf({ service: service?.metadata?.name ?? predictor, port: PREDICTOR_PORT }, service);
  const problem = problemOf(object) ?? (typeof backing === "string" ? backing : undefined);
  return {
    object,
    uid,
    terminating,
    minPods: minPodsOf(object),
    ready: problem === undefined,
    ...(problem !== undefined && { problem }),
    ...(!terminating && typeof backing !== "string" && { backing }),
    ...(modeOf(object) === "Knative" && { lastingSelector: { [KNATIVE.service]: predictor } }),
  };
}

const AUTOSCALER = "serving.kserve.io/autoscalerClass";

/** An autoscaler of somebody else's has numbers of its own; in Knative mode there is none. */
function minPodsOf(object: InferenceService): number {
  const { metadata, spec } = object;
  const autoscaler = spec?.predictor.annotations?.[AUTOSCALER] ?? metadata.annotations?.[AUTOSCALER];
  return autoscaler === "external" && modeOf(object) === "Standard" ? 1 : (spec?.predictor.minReplicas ?? 1);
}

function problemOf(object: InferenceService): string | undefined {
  const { metadata, status = {} } = object;
  const { name, deletionTimestamp, annotations } = metadata;
  // Its pods may still answer, but not for long.
  if (deletionTimestamp !== undefined)
    return `InferenceService ${name} is being deleted, and KServe has not let go of it yet`;
  const mode = modeOf(object);
  if (mode === undefined || mode !== deploymentMode(annotations?.[MODE])) {
    const remedy = "before KServe 0.16 that has to be RawDeployment, or Serverless for Knative";
    return `KServe runs InferenceService ${name} in mode ${status.deploymentMode}, and its annotation ${MODE} asks for ${annotations?.[MODE] ?? "Standard"}: ${remedy}`;
  }
  const { conditions = [], modelStatus } = status;
  const conditionOf = (type: string) => conditions.find((each) => each.type === type);
  const condition = conditionOf(READY[mode]);
  if (condition?.status === "True") return undefined;
  const { serving, next } = knativeRevisions(object);
  const anew =
    serving &&
    next &&
    `Knative makes the pods of InferenceService ${name} anew as ${next}, and those of ${serving} serve until these are ready`;
  // Before there are any pods the other one tells why, and later it is about a route that nobody uses.
  const told = [condition, serving === undefined ? conditionOf(READY.Standard) : undefined];
  const [words] = told.flatMap((each) => each?.message || each?.reason || []);
  const { reason, message, exitCode } = modelStatus?.lastFailureInfo ?? {};
  const exit = exitCode === undefined ? "" : ` (exit code ${exitCode})`;
  const failure = [reason && `${reason}${exit}`, message].filter(Boolean).join(": ");
  // It stays when it is over.
  const said = [words, failure && `last failure: ${failure}`].filter(Boolean).join("; ");
  const known = [anew, said && `KServe says of InferenceService ${name}: ${said}`].filter(Boolean);
  if (known.length > 0) return known.join("; ");
  return `KServe has not said why InferenceService ${name} is not ready: see kubectl describe inferenceservice ${name}, and whether KServe's controller runs`;
}
