import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import type { ObjectKey, Stored } from "../../kube/object.ts";
import { controllerReference } from "../../kube/owner.ts";
import { jobs } from "../../kube/resource.ts";
import type { Store } from "../../kube/store.ts";
import type { Clock } from "../../runtime/clock.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { dpoJobs } from "../resources.ts";
import { type Decision, decide } from "./decide.ts";
import { type TrainingSettings, trainingJob } from "./desired.ts";
import { observe, type Sources } from "./observe.ts";
import { status } from "./status.ts";

export interface Dependencies {
  readonly dpoJobs: Store<DPOJob>;
  readonly sources: Sources;
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly settings: TrainingSettings;
}

export async function reconcile(key: ObjectKey, deps: Dependencies, signal: AbortSignal): Promise<Result> {
  const job = deps.dpoJobs.get(key);
  // A deleted job needs nothing done: its pods go with it, its artifact stays on its volume.
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return done;

  const observed = observe(job, deps.sources);
  const now = deps.clock.now();
  const decision = decide(observed);
  await act(job, decision, deps, signal);
  if (decision.type === "Finished") return done;
  const { name, namespace, uid } = job.metadata;
  await deps.client.applyStatus(
    dpoJobs,
    { metadata: { name, namespace, uid }, status: status(observed, decision, now) },
    signal,
  );
  announce(job, decision, deps.events);
  // The pinned snapshot must stand in status before the training Job is created, hence the second pass.
  return decision.type === "Pin" ? requeueAfter(0) : done;
}

async function act(job: Stored<DPOJob>, decision: Decision, deps: Dependencies, signal: AbortSignal): Promise<void> {
  const { name, namespace } = job.metadata;
  if (decision.type === "Start")
    await deps.client.apply(jobs, trainingJob(job, controllerReference(job), decision.dataset, deps.settings), signal);
  if (decision.type === "SetSuspend") {
    await deps.client.patch(
      jobs,
      { name, namespace },
      { type: "merge", body: { spec: { suspend: decision.suspend } } },
      signal,
    );
  }
}

/** After the status write: an event speaks of what stands there. */
function announce(job: Stored<DPOJob>, decision: Decision, events: EventRecorder): void {
  const record = (type: "Normal" | "Warning", reason: string, action: string, note: string) =>
    events.record(job, { type, reason, action, note });
  if (decision.type === "Start") record("Normal", "TrainingStarted", "Train", `Training on ${decision.dataset.digest}`);
  if (decision.type === "Fail") record("Warning", decision.reason, "Train", decision.message);
  if (decision.type === "Succeed")
    record(
      decision.verdict.passed ? "Normal" : "Warning",
      decision.verdict.reason,
      "Validate",
      decision.verdict.message,
    );
}
