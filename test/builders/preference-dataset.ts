import type { ProfileResult } from "../../src/api/contracts/profile.ts";
import { PreferenceDataset } from "../../src/api/v1alpha1/preference-dataset.ts";
import { measurements } from "../../src/controllers/preferencedataset/measurements.ts";
import type { CollectorState, Observed, ProfileJob } from "../../src/controllers/preferencedataset/observed.ts";

export const DIGEST = `sha256:${"a".repeat(64)}` as const;
export const OTHER_DIGEST = `sha256:${"b".repeat(64)}` as const;
export const MODEL = { uri: `pvc://models/sha256/${"c".repeat(64)}`, digest: `sha256:${"c".repeat(64)}` };

type Spec = Record<string, unknown>;

/** A dataset as the API server would return it, defaults filled in. */
export function preferenceDataset(spec: Spec = {}, status?: PreferenceDataset["status"]): PreferenceDataset {
  return PreferenceDataset.parse({
    apiVersion: "dpo.dev/v1alpha1",
    kind: "PreferenceDataset",
    metadata: {
      name: "support",
      namespace: "team",
      uid: "uid-support",
      resourceVersion: "1",
      generation: 2,
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: { sources: [{ name: "live", collector: {} }], storage: { pvc: { claimName: "prefs" } }, ...spec },
    ...(status && { status }),
  });
}

export const RETRAIN = {
  when: { newPairs: 100 },
  template: { spec: { model: MODEL, output: { storage: { pvc: { claimName: "models" } } } } },
};

export const SNAPSHOT = {
  digest: DIGEST,
  uri: `pvc://prefs/sha256/${"a".repeat(64)}`,
  pairs: 1200,
  heldOutPairs: 60,
  takenAt: "2026-01-02T00:00:00Z",
  sequence: 1300,
};

/** A refusal of the first 1000 preferences, as status remembers it. */
export const REFUSED = {
  sequence: 1000,
  generation: 2,
  records: 1000,
  reason: "TooManyInvalid",
  message: "400 of 1000 are empty",
};

export function collected(preferences: number, rest: { newer?: number; sequence?: number } = {}): CollectorState {
  return { readable: true, preferences, sequence: rest.sequence ?? preferences, newer: rest.newer ?? preferences };
}

const PROFILED: ProfileResult = {
  digest: DIGEST,
  uri: SNAPSHOT.uri,
  pairs: SNAPSHOT.pairs,
  takenAt: SNAPSHOT.takenAt,
  sequence: SNAPSHOT.sequence,
  splits: { train: 1080, validation: 60, heldOut: 60 },
  quality: {
    records: 1300,
    invalid: { EmptyChosen: 3 },
    setAside: 0,
    duplicates: 40,
    merged: 30,
    outvoted: 20,
    tied: 7,
    labelers: 5,
    largestLabelerShare: 0.31,
    medianAgeSeconds: 7200,
    agreement: { value: 0.74, interval: [0.71, 0.77], units: 30 },
  },
  examples: [],
};

/** What status.quality says of that profile. */
export const MEASURED = measurements(PROFILED);

export function profileResult(overrides: Partial<ProfileResult> = {}): ProfileResult {
  return { ...PROFILED, ...overrides };
}

export function running(sequence = 1300): ProfileJob {
  return { name: `support-p${sequence}`, uid: "uid-profile", sequence, generation: 2, state: { phase: "Running" } };
}

export function ended(
  outcome: Extract<ProfileJob["state"], { phase: "Ended" }>["outcome"],
  at: Date,
  sequence = 1300,
): ProfileJob {
  return {
    name: `support-p${sequence}`,
    uid: "uid-profile",
    sequence,
    generation: 2,
    state: { phase: "Ended", at, outcome },
  };
}

export function observed(overrides: Partial<Observed> = {}): Observed {
  return { dataset: preferenceDataset(), collector: collected(0), jobs: [], ...overrides };
}
