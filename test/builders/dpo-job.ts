import type { TrainResult } from "../../src/api/contracts/train.ts";
import { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import type { Observed, Training } from "../../src/controllers/dpojob/observed.ts";
import { DIGEST, MODEL, SNAPSHOT } from "./preference-dataset.ts";

/** A job as the API server would return it, defaults filled in. */
export function dpoJob(spec: Record<string, unknown> = {}, status?: DPOJob["status"]): DPOJob {
  return DPOJob.parse({
    apiVersion: "dpo.dev/v1alpha1",
    kind: "DPOJob",
    metadata: {
      name: "support-1",
      namespace: "team",
      uid: "uid-job",
      resourceVersion: "1",
      generation: 1,
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: {
      dataset: { name: "support" },
      model: MODEL,
      output: { storage: { pvc: { claimName: "models" } } },
      ...spec,
    },
    ...(status && { status }),
  });
}

export const PINNED = { digest: SNAPSHOT.digest, uri: SNAPSHOT.uri };

export function trainResult(value = 0.82): TrainResult {
  return {
    digest: `sha256:${"d".repeat(64)}`,
    uri: `pvc://models/sha256/${"d".repeat(64)}`,
    dataset: DIGEST,
    base: MODEL.digest,
    steps: 120,
    firstLoss: Math.LN2,
    lastLoss: 0.41,
    seconds: 61.4,
    stepsPerSecond: 1.95,
    pairs: { trained: 1080, identical: 0, truncated: 2 },
    validation: { heldOutWinRate: { value, interval: [0.7, 0.9], samples: 60 } },
  };
}

export function training(overrides: Partial<Training> = {}): Training {
  return {
    suspended: false,
    startTime: "2026-01-02T00:00:00Z",
    state: { phase: "Running" },
    pod: { phase: "Running", since: "2026-01-02T00:00:05Z" },
    ...overrides,
  };
}

export function observedJob(overrides: Partial<Observed> = {}): Observed {
  return { job: dpoJob(), ...overrides };
}
