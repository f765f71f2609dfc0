import type { PreferenceDataset } from "../../api/v1alpha1/preference-dataset.ts";
import type { Applied, Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import type { KubeObject, ObjectKey, Stored } from "../../kube/object.ts";
import { controllerReference } from "../../kube/owner.ts";
import { jobs, type Resource } from "../../kube/resource.ts";
import type { Store } from "../../kube/store.ts";
import type { Clock } from "../../runtime/clock.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { createChild } from "../create-child.ts";
import { dpoJobs, preferenceDatasets } from "../resources.ts";
import { type Decision, decide } from "./decide.ts";
import { type ProfileSettings, profileJob, trainingJob } from "./desired.ts";
import { observe, type Sources } from "./observe.ts";
import { nameTaken, status } from "./status.ts";

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
  const decision = await act(dataset, decide(observed, now), deps, signal);
  const { name, namespace, uid } = dataset.metadata;
  await deps.client.applyStatus(
    preferenceDatasets,
    { metadata: { name, namespace, uid }, status: status(observed, decision, now) },
    signal,
  );
  announce(dataset, decision, deps.events);
  return requeueAfter(POLL_MS);
}

/** One effect. Returns what became of the decision: only the server knows whether a name is free. */
async function act(
  dataset: Stored<PreferenceDataset>,
  decision: Decision,
  { client, settings }: Dependencies,
  signal: AbortSignal,
): Promise<Decision> {
  const { action, knows } = decision;
  const create = async <T extends KubeObject>(resource: Resource<T>, child: Applied<T>): Promise<Decision> => {
    if (await createChild(client, resource, child, dataset, signal)) return decision;
    return { action: { type: "Wait" }, knows: { ...knows, nameTaken: `${resource.kind} ${child.metadata.name}` } };
  };
  switch (action.type) {
    case "Wait":
      return decision;
    case "DiscardProfile": {
      const key = { namespace: dataset.metadata.namespace, name: action.name };
      await client.delete(jobs, key, { preconditions: { uid: action.uid } }, signal);
      return decision;
    }
    case "TakeSnapshot":
      return create(jobs, profileJob(dataset, controllerReference(dataset), action.sequence, settings));
    case "Train":
      return create(dpoJobs, trainingJob(dataset, controllerReference(dataset), action));
  }
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
  if (knows.nameTaken !== undefined) record("Warning", "NameTaken", "Create", nameTaken(knows.nameTaken));
  if (knows.failure !== undefined && action.type === "DiscardProfile") {
    record("Warning", knows.failure.reason, "TakeSnapshot", knows.failure.message);
  }
}
