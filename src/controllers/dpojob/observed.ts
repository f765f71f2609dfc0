import type { TrainOutcome } from "../../api/contracts/train.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import type { TrainerPod } from "./trainer-pod.ts";

/** Everything that one pass knows: plain data, read once. */
export interface Observed {
  readonly job: DPOJob;
  /** The dataset it names; absent while there is none. */
  readonly dataset?: PreferenceDataset;
  /** The batch Job that runs the trainer; absent until it is created. */
  readonly training?: Training;
}

export interface Training {
  readonly suspended: boolean;
  /** When the batch Job was created: unlike that of its status it does not move when the Job is suspended. */
  readonly startTime: string;
  readonly state:
    | { readonly phase: "Running" }
    | { readonly phase: "Succeeded"; readonly at: string; readonly outcome: TrainOutcome }
    | { readonly phase: "Failed"; readonly at: string; readonly reason: string; readonly message: string };
  readonly pod: TrainerPod;
  /** Why no node takes its pod, in the scheduler's words. */
  readonly unschedulable?: string;
  /** What the newest failed pod said; the batch Job has replaced it or will. */
  readonly lastFailure?: string;
}
