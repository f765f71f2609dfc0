import type { TrainResult } from "../../api/contracts/train.ts";
import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { DPOJobStatus } from "../../api/v1alpha1/dpo-job.ts";
import { digestSchema } from "../../artifacts/digest.ts";
import { formatUri } from "../../artifacts/uri.ts";
import { isTrue } from "../../runtime/conditions.ts";
import type { Observed, Training } from "./observed.ts";
import { passesValidation, type ValidationVerdict } from "./validation.ts";

type Pinned = NonNullable<DPOJobStatus["dataset"]>;

/** What the job is doing, and so what this pass does: at most one effect, then the status. */
export type Decision =
  /** It ended before; nothing will ever be done again. */
  | { readonly type: "Finished" }
  /** There is nothing to train on yet. */
  | { readonly type: "WaitForSnapshot"; readonly message: string }
  /** The snapshot is written down first, so that every later pass trains on the same. */
  | { readonly type: "Pin"; readonly dataset: Pinned }
  | { readonly type: "Start"; readonly dataset: Pinned }
  /** What became of Start: the Job's name is another one's. */
  | { readonly type: "NameTaken"; readonly message: string }
  | { readonly type: "SetSuspend"; readonly suspend: boolean }
  | { readonly type: "Suspended" }
  | { readonly type: "Run"; readonly training: Training }
  | { readonly type: "Succeed"; readonly at: string; readonly result: TrainResult; readonly verdict: ValidationVerdict }
  | { readonly type: "Fail"; readonly at: string; readonly reason: string; readonly message: string };

export function decide({ job, dataset, training }: Observed): Decision {
  const { spec, status } = job;
  if (isTrue(status?.conditions, CONDITION.complete) || isTrue(status?.conditions, CONDITION.failed))
    return { type: "Finished" };
  if (training !== undefined) return follow(job.spec, training);
  if (spec.suspend) return { type: "Suspended" };
  if (status?.dataset !== undefined) return { type: "Start", dataset: status.dataset };
  return pin(spec.dataset, dataset);
}

function follow(spec: Observed["job"]["spec"], training: Training): Decision {
  const { state } = training;
  if (state.phase === "Failed") return { type: "Fail", at: state.at, reason: state.reason, message: state.message };
  if (state.phase === "Succeeded") {
    const { outcome, at } = state;
    if ("error" in outcome) return { type: "Fail", at, ...outcome.error };
    return { type: "Succeed", at, result: outcome, verdict: passesValidation(spec.validation, outcome) };
  }
  if (spec.suspend !== training.suspended) return { type: "SetSuspend", suspend: spec.suspend };
  return training.suspended ? { type: "Suspended" } : { type: "Run", training };
}

/** The snapshot that spec names, or the dataset's newest one. */
function pin({ name, digest }: Observed["job"]["spec"]["dataset"], dataset: Observed["dataset"]): Decision {
  if (dataset === undefined)
    return { type: "WaitForSnapshot", message: `There is no PreferenceDataset ${name} in this namespace` };
  const newest = dataset.status?.snapshot;
  if (digest !== undefined) {
    const { claimName } = dataset.spec.storage.pvc;
    return {
      type: "Pin",
      dataset: { digest, uri: formatUri({ claim: claimName, digest: digestSchema.parse(digest) }) },
    };
  }
  if (newest === undefined)
    return { type: "WaitForSnapshot", message: `PreferenceDataset ${name} has no snapshot yet` };
  if (!isTrue(dataset.status?.conditions, CONDITION.qualityMet)) {
    return {
      type: "WaitForSnapshot",
      message: `The newest snapshot of PreferenceDataset ${name} does not meet its quality`,
    };
  }
  return { type: "Pin", dataset: { digest: newest.digest, uri: newest.uri } };
}
