import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import type { Client } from "../../kube/client.ts";
import { isAlreadyExists } from "../../kube/errors.ts";
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
  const { name, namespace, uid } = dataset.metadata;
  await deps.client.applyStatus(
    preferenceDatasets,
    { metadata: { name, namespace, uid }, status: status(observed, decision, now) },
    signal,
  );
  announce(dataset, decision, deps.events);
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
      return;
    case "Train":
      // Created, never applied: the spec is immutable, and one that stands already is the one meant.
      await deps.client.create(dpoJobs, trainingJob(dataset, owner, action), signal).catch(passIfThere);
      return;
  }
}

function passIfThere(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}

/** After the status write: an event speaks of what stands there. */
function announce(dataset: Stored<PreferenceDataset>, { action, knows }: Decision, events: EventRecorder): void {
  const record = (type: "Normal" | "Warning", reason: string, verb: string, note: string) =>
    events.record(dataset, { type, reason, action: verb, note });
  if (action.type === "TakeSnapshot") {
    record("Normal", "SnapshotStarted", "TakeSnapshot", `Profiling preferences up to number ${action.sequence}`);
  }
  if (action.type === "Train") {
    record("Normal", "TrainingStarted", "Train", `Training on ${action.snapshot.digest}, ${action.pairs} pairs`);
  }
  if (knows.newSnapshot !== undefined) {
    const { digest, pairs } = knows.newSnapshot;
    record("Normal", "SnapshotTaken", "TakeSnapshot", `Snapshot ${digest} has ${pairs} pairs`);
  }
  if (knows.failure !== undefined && action.type === "DiscardProfile") {
    record("Warning", knows.failure.error.reason, "TakeSnapshot", knows.failure.error.message);
  }
}
