import { type TrainOutcome, trainOutcomeSchema } from "../../api/contracts/train.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import type { Job, Pod } from "../../kube/built-in.ts";
import type { Stored } from "../../kube/object.ts";
import { isControlledBy } from "../../kube/owner.ts";
import type { Store } from "../../kube/store.ts";
import { timestamp } from "../../runtime/conditions.ts";
import { type PodSources, podsOf } from "../job-pods.ts";
import { jobOutcome, lastWord, terminationMessage, tryJson } from "../pod-parts.ts";
import { unschedulable } from "../pod-problem.ts";
import type { Observed, Training } from "./observed.ts";
import { trainerPod } from "./trainer-pod.ts";

export interface Sources extends PodSources {
  readonly datasets: Store<PreferenceDataset>;
  readonly jobs: Store<Job>;
}

export async function observe(job: Stored<DPOJob>, sources: Sources, signal: AbortSignal): Promise<Observed> {
  const { namespace, name } = job.metadata;
  const dataset = sources.datasets.get({ namespace, name: job.spec.dataset.name });
  const named = sources.jobs.get({ namespace, name });
  // A Job of this name may be of a DPOJob that was deleted and made again; that one is not ours to follow.
  const training = named !== undefined && isControlledBy(named, job) ? named : undefined;
  return {
    job,
    ...(dataset && { dataset }),
    ...(training && { training: readTraining(training, await podsOf(training, sources, signal)) }),
  };
}

function readTraining(job: Stored<Job>, own: readonly Stored<Pod>[]): Training {
  const waiting = unschedulable(own);
  const failed = own.filter(({ status }) => status?.phase === "Failed");
  const failure = failed.length > 0 ? errorIn(terminationMessage(failed)) : undefined;
  return {
    suspended: job.spec?.suspend === true,
    startTime: job.metadata.creationTimestamp,
    state: readState(job, own),
    pod: trainerPod(job, own),
    ...(waiting && { unschedulable: waiting }),
    ...(failure && { lastFailure: failure }),
  };
}

function readState(job: Stored<Job>, own: readonly Stored<Pod>[]): Training["state"] {
  const ended = jobOutcome(job);
  if (ended === undefined) return { phase: "Running" };
  const at = timestamp(ended.at);
  const said = lastWord(own, ended);
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
