import type { Deployment } from "../../../../src/kube/built-in.ts";
import type { Client } from "../../../../src/kube/client.ts";
import type { ClusterConfig } from "../../../../src/kube/config.ts";
import type { InferenceService, InferenceServiceStatus } from "../../../../src/kube/kserve.ts";
import type { Stored } from "../../../../src/kube/object.ts";
import { controllerOf } from "../../../../src/kube/owner.ts";
import { deployments, inferenceServices, services } from "../../../../src/kube/resource.ts";
import { madeByKServe, PREDICTOR_READY } from "../../../builders/kserve.ts";
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
 * InferenceService gets its finalizer, a Deployment and a Service, and a status as soon as the Deployment is ready. One whose
 * model is `broken` gets the status of a failure instead.
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
  if (spec?.predictor.model.storageUri !== broken) {
    await client.apply(services, service);
    return client.apply(deployments, deployment);
  }
  return status === undefined ? setStatus(client, metadata, BROKEN) : undefined;
}

function isReadyPredictor(deployment: Stored<Deployment>): boolean {
  const isReady = deployment.status?.availableReplicas === deployment.spec?.replicas;
  return isReady && controllerOf(deployment)?.kind === "InferenceService";
}

async function report(client: Client, deployment: Stored<Deployment>): Promise<unknown> {
  const { name = "", uid = "" } = controllerOf(deployment) ?? {};
  return setStatus(client, { namespace: deployment.metadata.namespace, name, uid }, PREDICTOR_READY);
}

function setStatus(
  client: Client,
  { namespace, name, uid }: { readonly namespace?: string | undefined; readonly name: string; readonly uid: string },
  status: InferenceServiceStatus,
): Promise<unknown> {
  return client.applyStatus(inferenceServices, { metadata: { namespace, name, uid }, status });
}
