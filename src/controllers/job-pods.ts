import { MANAGED_BY } from "../api/v1alpha1/metadata.ts";
import type { Job, Pod } from "../kube/built-in.ts";
import type { Client } from "../kube/client.ts";
import type { Stored } from "../kube/object.ts";
import { isControlledBy } from "../kube/owner.ts";
import { pods } from "../kube/resource.ts";
import type { Store } from "../kube/store.ts";
import { jobOutcome, lastWord, podsThatEnded } from "./pod-parts.ts";

export interface PodSources {
  readonly pods: Store<Pod>;
  readonly client: Client;
}

/**
 * The pods of a Job, from the cache. Caches of two kinds are not in step: the one of Jobs may know an end of which the one
 * of pods has not heard. What an ended Job's pod said is final, so when it is missing the server is asked.
 */
export async function podsOf(job: Stored<Job>, sources: PodSources, signal: AbortSignal): Promise<Stored<Pod>[]> {
  const cached = sources.pods.ownedBy(job.metadata.uid);
  if (isComplete(cached, job)) return cached;
  const { namespace } = job.metadata;
  const { items } = await sources.client.list(pods, { namespace, labels: MANAGED_BY }, signal);
  return items.filter((pod) => isControlledBy(pod, job));
}

/** Whether the last pod to end, as the Job counts them, is there with what it said. */
function isComplete(pods: readonly Pod[], job: Job): boolean {
  const ended = jobOutcome(job);
  if (ended === undefined) return true;
  const counted = (ended.succeeded ? job.status?.succeeded : job.status?.failed) ?? 0;
  return podsThatEnded(pods, ended.succeeded).length >= counted && lastWord(pods, ended) !== undefined;
}
