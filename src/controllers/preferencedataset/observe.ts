import { type ProfileOutcome, profileOutcomeSchema } from "../../api/contracts/profile.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import { ANNOTATION } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import type { CollectorClient } from "../../evidence/collector-client.ts";
import { CollectorError } from "../../evidence/collector-error.ts";
import type { Job, Pod } from "../../kube/built-in.ts";
import type { Stored } from "../../kube/object.ts";
import type { Store } from "../../kube/store.ts";
import { type PodSources, podsOf } from "../job-pods.ts";
import { type JobOutcome, jobOutcome, lastWord, tryJson } from "../pod-parts.ts";
import { unschedulable } from "../pod-problem.ts";
import type { CollectorState, Observed, ProfileJob } from "./observed.ts";

export interface Sources extends PodSources {
  readonly jobs: Store<Job>;
  readonly dpoJobs: Store<DPOJob>;
  readonly collector: CollectorClient;
}

export async function observe(
  dataset: Stored<PreferenceDataset>,
  sources: Sources,
  signal: AbortSignal,
): Promise<Observed> {
  const profile = newestProfile(sources.jobs.ownedBy(dataset.metadata.uid));
  return {
    dataset,
    collector: await readCollector(dataset, sources.collector, signal),
    ...(profile && { profile: readProfile(profile, await podsOf(profile, sources, signal)) }),
    jobs: sources.dpoJobs.ownedBy(dataset.metadata.uid),
  };
}

async function readCollector(
  { metadata, status }: PreferenceDataset,
  collector: CollectorClient,
  signal: AbortSignal,
): Promise<CollectorState> {
  const { namespace, name } = metadata;
  try {
    const head = await collector.head({ namespace, dataset: name, after: status?.snapshot?.sequence ?? 0, signal });
    return { readable: true, preferences: head.preferences, sequence: head.sequence, newer: head.newer };
  } catch (error) {
    if (error instanceof CollectorError) return { readable: false, message: error.message };
    throw error;
  }
}

function numberOf({ metadata }: Job, annotation: string): number {
  return Number(metadata.annotations?.[annotation] ?? 0);
}

function newestProfile(jobs: readonly Stored<Job>[]): Stored<Job> | undefined {
  return jobs
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .toSorted((a, b) => numberOf(b, ANNOTATION.sequence) - numberOf(a, ANNOTATION.sequence))[0];
}

function readProfile(job: Stored<Job>, own: readonly Pod[]): ProfileJob {
  const waiting = unschedulable(own);
  const ended = jobOutcome(job);
  return {
    name: job.metadata.name,
    uid: job.metadata.uid,
    sequence: numberOf(job, ANNOTATION.sequence),
    generation: numberOf(job, ANNOTATION.generation),
    state:
      ended === undefined ? { phase: "Running" } : { phase: "Ended", at: ended.at, outcome: readOutcome(own, ended) },
    ...(waiting && { unschedulable: waiting }),
  };
}

/** What the profile said at its end. A pod that was killed, or is gone, said nothing: then the Job's word stands. */
function readOutcome(pods: readonly Pod[], ended: JobOutcome): ProfileOutcome {
  const message = lastWord(pods, ended);
  const said = message === undefined ? undefined : profileOutcomeSchema.safeParse(tryJson(message));
  if (said?.success) return said.data;
  const why = ended.succeeded ? "its pod is gone and so is what it said" : `${ended.reason}: ${ended.message}`;
  return { error: { reason: "Failed", message: `the profile Job ended without a result (${message ?? why})` } };
}
