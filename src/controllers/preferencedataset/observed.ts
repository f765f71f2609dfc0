import type { ProfileOutcome } from "../../api/contracts/profile.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";

/** Everything that one pass knows: plain data, read once. */
export interface Observed {
  readonly dataset: PreferenceDataset;
  readonly collector: CollectorState;
  /** The newest profile Job; absent before the first, and after it was recorded and garbage-collected. */
  readonly profile?: ProfileJob;
  /** DPOJobs that this dataset's retrain made. */
  readonly jobs: readonly DPOJob[];
}

export type CollectorState =
  | { readonly readable: true; readonly preferences: number; readonly sequence: number; readonly newer: number }
  /** Nothing is known about what it holds; what was known stands in status. */
  | { readonly readable: false; readonly message: string };

export interface ProfileJob {
  readonly name: string;
  readonly uid: string;
  /** What the snapshot is pinned to. */
  readonly sequence: number;
  /** metadata.generation of the dataset that it was made for. */
  readonly generation: number;
  readonly state:
    | { readonly phase: "Running" }
    | { readonly phase: "Ended"; readonly at: Date; readonly outcome: ProfileOutcome };
  /** Why no node takes its pod, in the scheduler's words. */
  readonly unschedulable?: string;
}
