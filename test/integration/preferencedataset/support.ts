import type { ProfileResult } from "../../../src/api/contracts/profile.ts";
import { PreferenceDatasetSpec } from "../../../src/api/v1alpha1/preference-dataset.ts";
import { preferenceDatasets } from "../../../src/controllers/resources.ts";
import { profileResult, RETRAIN } from "../../builders/preference-dataset.ts";
import type { Stage } from "../operator/stage.ts";

export const NAME = "support";

/** A dataset that takes a snapshot at 10 preferences and after 5 more, and trains for 5 new pairs. */
export async function createDataset({ client, namespace }: Stage, spec: object = {}, name = NAME): Promise<void> {
  const complete = PreferenceDatasetSpec.parse({
    sources: [{ name: "live", collector: {} }],
    storage: { pvc: { claimName: "prefs" } },
    quality: { minPairs: 10 },
    snapshot: { minNewPairs: 5 },
    retrain: { ...RETRAIN, when: { newPairs: 5 } },
    ...spec,
  });
  await client.create(preferenceDatasets, { metadata: { namespace, name }, spec: complete });
}

/** What a profile of that many preferences says. */
export function profiled(pairs: number, overrides: Partial<ProfileResult> = {}): string {
  const hex = pairs.toString(16).padStart(4, "0").repeat(16);
  return JSON.stringify(
    profileResult({
      digest: `sha256:${hex}`,
      uri: `pvc://prefs/sha256/${hex}`,
      pairs,
      sequence: pairs,
      ...overrides,
    }),
  );
}

export function profileFailed(reason: string, message: string): string {
  return JSON.stringify({ error: { reason, message } });
}
