import { type TrainOutcome, trainOutcomeSchema } from "../../api/contracts/train.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import { LABEL } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import type { Job, Pod } from "../../kube/built-in.ts";
import type { Stored } from "../../kube/object.ts";
import { isControlledBy } from "../../kube/owner.ts";
import type { Store } from "../../kube/store.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { StalledError } from "../../runtime/errors.ts";
import { isPodOf, type JobOutcome, jobOutcome, terminationMessage, tryJson, unschedulable } from "../pod-parts.ts";
import type { Observed, Training } from "./observed.ts";

export interface Sources {
  readonly datasets: Store<PreferenceDataset>;
  readonly jobs: Store<Job>;
  readonly pods: Store<Pod>;
}

export function observe(job: Stored<DPOJob>, { datasets, jobs, pods }: Sources): Observed {
  const { namespace, name } = job.metadata;
  const dataset = datasets.get({ namespace, name: job.spec.dataset.name });
  const training = jobs.get({ namespace, name });
  if (training !== undefined && !isControlledBy(training, job)) {
    throw new StalledError(
      "NameTaken",
      `a Job named ${name} that is not of this DPOJob stands in the way: delete it, or name the DPOJob differently`,
    );
  }
  return {
    job,
    ...(dataset && { dataset }),
    ...(training && { training: readTraining(training, pods.labelled(LABEL.job, name, namespace)) }),
  };
}

function readTraining(job: Stored<Job>, pods: readonly Stored<Pod>[]): Training {
  const own = pods.filter((pod) => isPodOf(pod, job));
  const waiting = unschedulable(own);
  const said = terminationMessage(own);
  const failure = own.some(({ status }) => status?.phase === "Failed") ? errorIn(said) : undefined;
  return {
    suspended: job.spec?.suspend === true,
    ...(job.status?.startTime && { startTime: job.status.startTime }),
    state: readState(jobOutcome(job), said),
    podRunning: own.some(({ status }) => status?.phase === "Running"),
    ...(waiting && { unschedulable: waiting }),
    ...(failure && { lastFailure: failure }),
  };
}

function readState(ended: JobOutcome | undefined, said: string | undefined): Training["state"] {
  if (ended === undefined) return { phase: "Running" };
  const at = timestamp(ended.at);
  const outcome = said === undefined ? undefined : readOutcome(said);
  if (ended.succeeded) {
    if (outcome !== undefined) return { phase: "Succeeded", at, outcome };
    return {
      phase: "Failed",
      at,
      reason: "NoResult",
      message: "the training pod succeeded but its termination message is gone or no result: create the job again",
    };
  }
  if (outcome !== undefined && "error" in outcome) return { phase: "Failed", at, ...outcome.error };
  return { phase: "Failed", at, reason: ended.reason, message: said ?? ended.message };
}

function readOutcome(said: string): TrainOutcome | undefined {
  return trainOutcomeSchema.safeParse(tryJson(said)).data;
}

function errorIn(said: string | undefined): string | undefined {
  if (said === undefined) return "it said nothing";
  const outcome = readOutcome(said);
  return outcome !== undefined && "error" in outcome ? outcome.error.message : said;
}
