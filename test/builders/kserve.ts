import type { Deployment, Service } from "../../src/kube/built-in.ts";
import type { Applied } from "../../src/kube/client.ts";
import type { InferenceService, InferenceServiceStatus } from "../../src/kube/kserve.ts";
import type { Stored } from "../../src/kube/object.ts";
import { controllerReference } from "../../src/kube/owner.ts";

interface Made {
  readonly deployment: Applied<Deployment>;
  readonly service: Applied<Service>;
}

/**
 * What KServe 0.20 makes in Standard mode, as tried with its controller: the labels are handed on, the Service leads to the first
 * port of the runtime's container, and the garbage collector takes both away with the InferenceService. Its autoscaler has
 * done its work already.
 */
export function madeByKServe(object: Stored<InferenceService>): Made {
  if (isInKnative(object)) return madeByKnative(object, knativeRevision(object, 1));
  const { namespace, name, labels, annotations } = object.metadata;
  const made = `${name}-predictor`;
  const { model, minReplicas = 1 } = object.spec?.predictor ?? { model: { modelFormat: {} } };
  const metadata = {
    name: made,
    namespace,
    labels: { ...labels, "serving.kserve.io/inferenceservice": name, component: "predictor", app: `isvc.${made}` },
    ...(annotations && { annotations }),
    ownerReferences: [controllerReference(object)],
  };
  const podMetadata = { labels: metadata.labels, ...(annotations && { annotations }) };
  const selector = { app: `isvc.${made}` };
  const args = [`--model_name=${name}`, `--model_dir=${model.storageUri}`];
  const container = { name: "kserve-container", image: "runtime:1", args, ports: [{ containerPort: 8000 }] };
  return {
    deployment: {
      metadata,
      spec: {
        replicas: minReplicas,
        selector: { matchLabels: selector },
        template: { metadata: podMetadata, spec: { containers: [container] } },
      },
    },
    service: { metadata, spec: { selector, ports: [{ name: "http", port: 80, targetPort: 8000, protocol: "TCP" }] } },
  };
}

/** Of the `number`th template that KServe gave Knative. */
export function knativeRevision({ metadata: { name } }: Stored<InferenceService>, number: number): string {
  return `${name}-predictor-${String(number).padStart(5, "0")}`;
}

export function isInKnative({ metadata }: Stored<InferenceService>): boolean {
  const mode = metadata.annotations?.["serving.kserve.io/deploymentMode"] ?? "";
  return ["Knative", "Serverless"].includes(mode);
}

/** What Knative 1.21 makes for a revision of the Service that KServe gives it, as tried: the labels come along, and requests go through a sidecar. */
export function madeByKnative(object: Stored<InferenceService>, revision: string): Made {
  const { namespace, name, labels } = object.metadata;
  const selector = { "serving.knative.dev/revisionUID": `uid-of-${revision}` };
  const common = {
    ...labels,
    ...selector,
    "serving.kserve.io/inferenceservice": name,
    "serving.knative.dev/service": `${name}-predictor`,
    "serving.knative.dev/revision": revision,
    app: revision,
  };
  const { model, minReplicas = 1 } = object.spec?.predictor ?? { model: { modelFormat: {} } };
  const containers = [
    { name: "kserve-container", image: "runtime:1", args: [`--model_dir=${model.storageUri}`] },
    { name: "queue-proxy", image: "queue:1", ports: [{ containerPort: 8012 }] },
  ];
  const kinds = { "networking.internal.knative.dev/serviceType": "Private" };
  return {
    deployment: {
      metadata: { name: `${revision}-deployment`, namespace, labels: common },
      spec: {
        replicas: minReplicas,
        selector: { matchLabels: selector },
        template: { metadata: { labels: common }, spec: { containers } },
      },
    },
    service: {
      metadata: { name: `${revision}-private`, namespace, labels: { ...common, ...kinds } },
      spec: { selector, ports: [{ name: "http", port: 80, targetPort: 8012, protocol: "TCP" }] },
    },
  };
}

/** What KServe says before and once the pods of its newest Knative revision are there, whose route nothing has made ready. */
export function knativeStatus(ready: string | undefined, created = ready): InferenceServiceStatus {
  const isReady = ready === created;
  return {
    conditions: [
      { type: "PredictorReady", status: "Unknown", reason: "IngressNotConfigured" },
      { type: "PredictorConfigurationReady", status: isReady ? "True" : "Unknown" },
    ],
    deploymentMode: "Knative",
    components: { predictor: { ...(ready && { latestReadyRevision: ready }), latestCreatedRevision: created } },
  };
}

/** What KServe says of an InferenceService whose pods are there. */
export function readyStatus(object: Stored<InferenceService>): InferenceServiceStatus {
  return isInKnative(object) ? knativeStatus(knativeRevision(object, 1)) : PREDICTOR_READY;
}

/** What it says of pods that are there, in Standard mode. */
export const PREDICTOR_READY: InferenceServiceStatus = {
  conditions: [{ type: "PredictorReady", status: "True" }],
  deploymentMode: "Standard",
};
