import { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import { preferenceCanaries } from "../../src/controllers/resources.ts";
import type { PodTemplate } from "../../src/kube/built-in.ts";
import type { Stored } from "../../src/kube/object.ts";
import { decode } from "../../src/kube/resource.ts";

export const NAMESPACE = "chat";
export const CANARY = "assistant";
export const WORKLOAD = "assistant-template";

/** A digest of one repeated hex digit. */
export function digest(digit: string): `sha256:${string}` {
  return `sha256:${digit.repeat(64)}`;
}

export function modelUri(digit: string, claim = "models"): string {
  return `pvc://${claim}/sha256/${digit.repeat(64)}`;
}

/** The pod template of a workload whose model is `digit`'s. */
export function podTemplate(model: string = modelUri("a"), image = "server:1"): PodTemplate {
  return {
    metadata: { labels: { app: CANARY } },
    spec: { containers: [{ name: "server", image, env: [{ name: "MODEL_URI", value: model }] }] },
  };
}

type Json = Readonly<Record<string, unknown>>;

/** The spec as a user writes it; what is left out is defaulted as the API server would. */
export function canarySpec(changes: Json = {}): Json {
  return {
    model: { fromJobs: {} },
    serving: { workloadRef: { name: WORKLOAD } },
    traffic: { httpRoute: { parentRefs: [{ name: "public" }], hostnames: ["assistant.example.com"] } },
    evidence: { comparisons: { dataset: { name: "support" } } },
    steps: [
      { name: "shadow", weight: 0 },
      { name: "first", weight: 1, minDuration: "10s" },
      { name: "half", weight: 50 },
    ],
    gates: { winRate: {} },
    ...changes,
  };
}

export function canaryObject(spec: Json = canarySpec(), metadata: Json = {}): Stored<PreferenceCanary> {
  return decode(preferenceCanaries, {
    metadata: {
      name: CANARY,
      namespace: NAMESPACE,
      uid: "canary-uid",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...metadata,
    },
    spec: PreferenceCanary.shape.spec.parse(spec),
  });
}
