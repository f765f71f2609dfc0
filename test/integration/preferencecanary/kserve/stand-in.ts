import type { Deployment } from "../../../../src/kube/built-in.ts";
import type { Client } from "../../../../src/kube/client.ts";
import type { ClusterConfig } from "../../../../src/kube/config.ts";
import type { InferenceService, InferenceServiceStatus } from "../../../../src/kube/kserve.ts";
import type { Stored } from "../../../../src/kube/object.ts";
import { deployments, inferenceServices, services } from "../../../../src/kube/resource.ts";
import { isInKnative, madeByKServe, readyStatus } from "../../../builders/kserve.ts";
import { follow } from "../stand-ins.ts";

const FINALIZER = "inferenceservice.finalizers";
/** As KServe tells of an init container that cannot bring the model. */
const BROKEN: InferenceServiceStatus = {
  conditions: [{ type: "PredictorReady", status: "False", reason: "MinimumReplicasUnavailable" }],
  deploymentMode: "Standard",
  modelStatus: { lastFailureInfo: { reason: "ModelLoadFailed", message: "no config.json", exitCode: 1 } },
};

/**
 * The test in the part of KServe's controller and of the garbage collector, and no more of them than arms are about: an
 * InferenceService gets its finalizer, a Deployment and a Service, and a status as soon as the Deployment is ready; Knative's part
 * too, where that is its mode. One whose model is `broken` gets the status of a failure instead.
 */
export async function startKServe(
  config: ClusterConfig,
  client: Client,
  namespace: string,
  broken: string,
): Promise<() => Promise<void>> {
  const stops = [
    follow(
      config,
      namespace,
      inferenceServices,
      () => true,
      (object) => reconcile(client, object, broken),
    ),
    follow(config, namespace, deployments, isReadyPredictor, (deployment) => report(client, deployment)),
  ];
  return async () => {
    for (const object of (await client.list(inferenceServices, { namespace })).items)
      await client.delete(inferenceServices, object.metadata);
    while ((await client.list(inferenceServices, { namespace })).items.length > 0)
      await new Promise((resolve) => setTimeout(resolve, 25));
    await Promise.all(stops.map((stop) => stop()));
  };
}

async function reconcile(client: Client, object: Stored<InferenceService>, broken: string): Promise<unknown> {
  const { metadata, spec, status } = object;
  const { deployment, service } = madeByKServe(object);
  const setFinalizers = (finalizers: readonly string[]) =>
    client.patch(inferenceServices, metadata, { type: "merge", body: { metadata: { finalizers } } });
  if (metadata.deletionTimestamp !== undefined) {
    await client.delete(deployments, deployment.metadata);
    await client.delete(services, service.metadata);
    return setFinalizers([]);
  }
  if (metadata.finalizers?.includes(FINALIZER) !== true) return setFinalizers([FINALIZER]);
  if (isInKnative(object)) await client.apply(services, toKnativesGateway(metadata));
  if (spec?.predictor.model.storageUri !== broken) {
    await client.apply(services, service);
    return client.apply(deployments, deployment);
  }
  return status === undefined ? setStatus(client, metadata, BROKEN) : undefined;
}

/** KServe's own way to the InferenceService, by its name. */
function toKnativesGateway({ namespace, name }: Stored<InferenceService>["metadata"]) {
  const externalName = "knative-local-gateway.istio-system.svc.cluster.local";
  return { metadata: { namespace, name }, spec: { type: "ExternalName", externalName } };
}

function isReadyPredictor(deployment: Stored<Deployment>): boolean {
  const isReady = deployment.status?.availableReplicas === deployment.spec?.replicas;
  return isReady && nameOf(deployment) !== undefined;
}

function nameOf({ metadata }: Stored<Deployment>): string | undefined {
  return metadata.labels?.["serving.kserve.io/inferenceservice"];
}

async function report(client: Client, deployment: Stored<Deployment>): Promise<unknown> {
  const { namespace } = deployment.metadata;
  const object = await client.get(inferenceServices, { namespace, name: nameOf(deployment) ?? "" });
  return object && setStatus(client, object.metadata, readyStatus(object));
}

function setStatus(
  client: Client,
  { namespace, name, uid }: { readonly namespace?: string | undefined; readonly name: string; readonly uid: string },
  status: InferenceServiceStatus,
): Promise<unknown> {
  return client.applyStatus(inferenceServices, { metadata: { namespace, name, uid }, status });
}
