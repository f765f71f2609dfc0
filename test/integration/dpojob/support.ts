import { type DPOJob, DPOJobSpec } from "../../../src/api/v1alpha1/dpo-job.ts";
import { PreferenceDatasetSpec, type PreferenceDatasetStatus } from "../../../src/api/v1alpha1/preference-dataset.ts";
import { dpoJobs, preferenceDatasets } from "../../../src/controllers/resources.ts";
import { findCondition } from "../../../src/runtime/conditions.ts";
import { trainResult } from "../../builders/dpo-job.ts";
import { MODEL, SNAPSHOT } from "../../builders/preference-dataset.ts";
import type { Stage } from "../operator/stage.ts";

export const NAME = "support-1";

export async function createJob({ client, namespace }: Stage, spec: object = {}, name = NAME): Promise<void> {
  const complete = DPOJobSpec.parse({
    dataset: { name: "support" },
    model: MODEL,
    output: { storage: { pvc: { claimName: "models" } } },
    ...spec,
  });
  await client.create(dpoJobs, { metadata: { namespace, name }, spec: complete });
}

/** A dataset of which only the status matters here: the test stands in for its controller. */
export async function createDataset({ client, namespace }: Stage): Promise<void> {
  const spec = PreferenceDatasetSpec.parse({
    sources: [{ name: "live", collector: {} }],
    storage: { pvc: { claimName: "prefs" } },
  });
  await client.create(preferenceDatasets, { metadata: { namespace, name: "support" }, spec });
}

/** The dataset's newest snapshot is this one, and it meets its quality. */
export async function publishSnapshot({ client, namespace }: Stage, digest: string = SNAPSHOT.digest): Promise<void> {
  const uri = `pvc://prefs/sha256/${digest.slice("sha256:".length)}`;
  const condition = { type: "QualityMet", status: "True" as const, reason: "QualityMet", message: "" };
  const status: PreferenceDatasetStatus = {
    observedGeneration: 1,
    snapshot: { ...SNAPSHOT, digest, uri },
    conditions: [{ ...condition, lastTransitionTime: "2026-01-01T00:00:00Z" }],
  };
  await client.applyStatus(preferenceDatasets, { metadata: { namespace, name: "support" }, status });
}

export function trained(heldOutWinRate = 0.82): string {
  return JSON.stringify(trainResult(heldOutWinRate));
}

export function ready({ status }: DPOJob) {
  return findCondition(status?.conditions, "Ready");
}

export function condition({ status }: DPOJob, type: string): string | undefined {
  return findCondition(status?.conditions, type)?.status;
}
