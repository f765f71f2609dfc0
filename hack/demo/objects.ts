import type { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import { LABEL } from "../../src/api/v1alpha1/metadata.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "../../src/controllers/pod-parts.ts";
import { GATEWAY } from "../cluster/settings.ts";

/** The objects that a user of the operator would write, as the demo applies them. */

/** Host names behind the gateway: the assistant for its users, the collector for raters and checkers. */
export const HOSTS = { assistant: "assistant.localhost", collector: "collector.localhost" } as const;

export const NAMES = {
  canary: "assistant",
  dataset: "support",
  poisoned: "poisoned",
  models: "models",
  prefs: "prefs",
} as const;

export interface Model {
  readonly uri: string;
  readonly digest: string;
}

const gateway = [{ name: GATEWAY.name, namespace: GATEWAY.namespace }];

export function namespace(name: string) {
  const labels = { "dpo.dev/demo": "true", "pod-security.kubernetes.io/enforce": "restricted" };
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}

export function claim(name: string) {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
  };
}

/** Raters and checkers reach the collector by a host name of the same gateway. */
export function collectorRoute() {
  return {
    apiVersion: "gateway.networking.k8s.io/v1",
    kind: "HTTPRoute",
    metadata: { name: "dpo-collector", namespace: "dpo-system" },
    spec: {
      parentRefs: gateway,
      hostnames: [HOSTS.collector],
      rules: [{ backendRefs: [{ name: "dpo-collector", port: 8080 }] }],
    },
  };
}

/** Makes the model that everything starts from. */
export function baseModelJob(trainerImage: string, seed: number) {
  const config = { output: { claim: NAMES.models, path: `/volumes/${NAMES.models}` }, seed };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "base-model" },
    spec: {
      backoffLimit: 1,
      template: {
        spec: {
          ...RESTRICTED_POD,
          restartPolicy: "Never",
          volumes: [
            { name: "models", persistentVolumeClaim: { claimName: NAMES.models } },
            { name: "tmp", emptyDir: {} },
          ],
          containers: [
            {
              name: "base",
              image: trainerImage,
              args: ["base"],
              env: [{ name: "DPO_BASE", value: JSON.stringify(config) }],
              securityContext: RESTRICTED_CONTAINER,
              volumeMounts: [
                { name: "models", mountPath: config.output.path },
                { name: "tmp", mountPath: "/tmp" },
              ],
            },
          ],
        },
      },
    },
  };
}

/** A template only: the canary makes both arms from it. */
export function assistantTemplate(trainerImage: string, base: Model) {
  const labels = { app: NAMES.canary };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: NAMES.canary },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          ...RESTRICTED_POD,
          containers: [
            {
              name: "model",
              image: trainerImage,
              args: ["serve"],
              env: [{ name: "MODEL_URI", value: base.uri }],
              ports: [{ containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/readyz", port: 8080 }, periodSeconds: 1, timeoutSeconds: 5 },
              resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "256Mi" } },
              securityContext: RESTRICTED_CONTAINER,
            },
          ],
        },
      },
    },
  };
}

export interface DatasetOptions {
  readonly name: string;
  readonly base: Model;
  readonly minPairs: number;
  readonly publishTo?: string;
  readonly training: DPOJob["spec"]["training"];
  readonly beta: string;
  readonly minWinRate: string;
}

/** One snapshot and one training: the demo's later pairs are evidence for the canary. */
export function dataset({ name, base, minPairs, publishTo, training, beta, minWinRate }: DatasetOptions) {
  return {
    apiVersion: "dpo.dev/v1alpha1",
    kind: "PreferenceDataset",
    metadata: { name },
    spec: {
      sources: [{ name: "live", collector: {} }],
      validation: { maxInvalid: "50%" },
      split: { validation: "0%", heldOut: "20%" },
      snapshot: { minNewPairs: 1_000_000 },
      quality: { minPairs },
      retrain: {
        when: { newPairs: 1 },
        template: {
          ...(publishTo !== undefined && { metadata: { labels: { [LABEL.publishTo]: publishTo } } }),
          spec: {
            model: base,
            method: { beta },
            training,
            retry: { limit: 1 },
            validation: { heldOutWinRate: { min: minWinRate } },
            output: { storage: { pvc: { claimName: NAMES.models } } },
          },
        },
      },
      storage: { pvc: { claimName: NAMES.prefs } },
    },
  };
}

/** Steps of seconds, not of hours: the gates need comparisons, not time. */
export function canary() {
  return {
    apiVersion: "dpo.dev/v1alpha1",
    kind: "PreferenceCanary",
    metadata: { name: NAMES.canary },
    spec: {
      model: { fromJobs: {} },
      serving: { workloadRef: { name: NAMES.canary } },
      traffic: { httpRoute: { parentRefs: gateway, hostnames: [HOSTS.assistant] } },
      evidence: { comparisons: { percent: 60, dataset: { name: NAMES.dataset } }, checks: {} },
      steps: [
        { name: "shadow", weight: 0 },
        { name: "tenth", weight: 10, minDuration: "5s" },
        { name: "half", weight: 50, minDuration: "5s" },
      ],
      gates: { winRate: { min: "50%", target: "60%" }, safety: { maxViolationRate: "1%", minChecked: 20 } },
    },
  };
}
