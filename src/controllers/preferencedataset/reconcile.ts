import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import type { Client } from "../../kube/client.ts";
import { isConflict } from "../../kube/errors.ts";
import type { EventRecorder } from "../../kube/events.ts";
import type { ObjectKey, Stored } from "../../kube/object.ts";
import { controllerReference } from "../../kube/owner.ts";
import { jobs } from "../../kube/resource.ts";
import type { Store } from "../../kube/store.ts";
import type { Clock } from "../../runtime/clock.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { dpoJobs, preferenceDatasets } from "../resources.ts";
import { type Decision, decide } from "./decide.ts";
import { type ProfileSettings, profileJob, trainingJob } from "./desired.ts";
import { observe, type Sources } from "./observe.ts";
import { status } from "./status.ts";

export interface Dependencies {
  readonly datasets: Store<PreferenceDataset>;
  readonly sources: Sources;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly settings: ProfileSettings;
}

/** The collector does not call when preferences arrive; it is asked this often. */
const POLL_MS = 5_000;

export async function reconcile(key: ObjectKey, deps: Dependencies, signal: AbortSignal): Promise<Result> {
  const dataset = deps.datasets.get(key);
  // A deleted dataset needs nothing done: its Jobs go with it, its snapshots stay on their volume.
  if (dataset === undefined || dataset.metadata.deletionTimestamp !== undefined) return done;

  const observed = await observe(dataset, deps.sources, signal);
  const now = deps.clock.now();
  const decision = decide(observed, now);
  await act(dataset, decision.action, deps, signal);
  await deps.client.applyStatus(
    preferenceDatasets,
    {
      metadata: { name: dataset.metadata.name, namespace: dataset.metadata.namespace, uid: dataset.metadata.uid },
      status: status(observed, decision, now),
    },
    signal,
  );
  return requeueAfter(POLL_MS);
}

async function act(
  dataset: Stored<PreferenceDataset>,
  action: Decision["action"],
  deps: Dependencies,
  signal: AbortSignal,
): Promise<void> {
  const owner = controllerReference(dataset);
  switch (action.type) {
    case "Wait":
      return;
    case "DiscardProfile":
      await deps.client.delete(jobs, { namespace: dataset.metadata.namespace, name: action.name }, {}, signal);
      return;
    case "TakeSnapshot":
      await deps.client.apply(jobs, profileJob(dataset, owner, action.sequence, deps.settings), signal);
      deps.events.record({
        regarding: dataset,
        type: "Normal",
        reason: "SnapshotStarted",
        action: "TakeSnapshot",
        note: `Profiling preferences up to number ${action.sequence}`,
      });
      return;
    case "Train":
      await createTrainingJob(dataset, action, deps, signal);
      return;
  }
}

/** Created, never applied: the spec is immutable, and one that stands already is the one meant. */
async function createTrainingJob(
  dataset: Stored<PreferenceDataset>,
  action: Extract<Decision["action"], { type: "Train" }>,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<void> {
  const job = trainingJob(dataset, controllerReference(dataset), action);
  try {
    await deps.client.create(dpoJobs, job, signal);
  } catch (error) {
    if (!isConflict(error)) throw error;
    return;
  }
  deps.events.record({
    regarding: dataset,
    type: "Normal",
    reason: "TrainingStarted",
    action: "Train",
    note: `Created DPOJob ${job.metadata.name} on ${action.snapshot.digest}`,
  });
}
