import type { Deployment, Service } from "../../src/kube/built-in.ts";
import type { Applied } from "../../src/kube/client.ts";
import type { InferenceService, InferenceServiceStatus } from "../../src/kube/kserve.ts";
import type { Stored } from "../../src/kube/object.ts";
import { controllerReference } from "../../src/kube/owner.ts";

/**
 * What KServe 0.20 makes in Standard mode, as tried with its controller: the labels are handed on, the Service leads to the first
 * port of the runtime's container, and the garbage collector takes both away with the InferenceService. Its autoscaler has
 * done its work already.
 */
export function madeByKServe(object: Stored<InferenceService>): {
  readonly deployment: Applied<Deployment>;
  readonly service: Applied<Service>;
} {
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

/** What it says of pods that are there. */
export const PREDICTOR_READY: InferenceServiceStatus = {
  conditions: [{ type: "PredictorReady", status: "True" }],
  deploymentMode: "Standard",
};
