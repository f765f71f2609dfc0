import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import type { ObjectKey, Stored } from "../../kube/object.ts";
import { controllerReference } from "../../kube/owner.ts";
import { jobs } from "../../kube/resource.ts";
import type { Store } from "../../kube/store.ts";
import type { Clock } from "../../runtime/clock.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { createChild } from "../create-child.ts";
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

/** How long a name that another Job has is left alone: that Job's end wakes nobody. */
const NAME_TAKEN_MS = 30_000;

export async function reconcile(key: ObjectKey, deps: Dependencies, signal: AbortSignal): Promise<Result> {
  const job = deps.dpoJobs.get(key);
  // A deleted job needs nothing done: its pods go with it, its artifact stays on its volume.
  if (job === undefined || job.metadata.deletionTimestamp !== undefined) return done;

  const observed = await observe(job, deps.sources, signal);
  const now = deps.clock.now();
  const decision = await act(job, decide(observed), deps, signal);
  if (decision.type === "Finished" && job.status?.observedGeneration === job.metadata.generation) return done;
  const { name, namespace, uid } = job.metadata;
  await deps.client.applyStatus(
    dpoJobs,
    { metadata: { name, namespace, uid }, status: status(observed, decision, now) },
    signal,
  );
  announce(job, decision, deps.events);
  if (decision.type === "NameTaken") return requeueAfter(NAME_TAKEN_MS);
  // The pinned snapshot must stand in status before the training Job is created, hence the second pass.
  return decision.type === "Pin" ? requeueAfter(0) : done;
}

/** One effect. Returns what became of the decision: only the server knows whether a name is free. */
async function act(
  job: Stored<DPOJob>,
  decision: Decision,
  deps: Dependencies,
  signal: AbortSignal,
): Promise<Decision> {
  const { name, namespace } = job.metadata;
  if (decision.type === "Start") {
    const child = trainingJob(job, controllerReference(job), decision.dataset, deps.settings);
    if (await createChild(deps.client, jobs, child, job, signal)) return decision;
    const message = `Job ${name}, which is not of this DPOJob, stands in the way: delete it, or name the DPOJob differently`;
    return { type: "NameTaken", message };
  }
  if (decision.type === "SetSuspend") {
    await deps.client.patch(
      jobs,
      { name, namespace },
      { type: "merge", body: { spec: { suspend: decision.suspend } } },
      signal,
    );
  }
  return decision;
}

/** After the status write: an event speaks of what stands there. */
function announce(job: Stored<DPOJob>, decision: Decision, events: EventRecorder): void {
  const record = (type: "Normal" | "Warning", reason: string, action: string, note: string) =>
    events.record(job, { type, reason, action, note });
  if (decision.type === "Start") record("Normal", "TrainingStarted", "Train", `Training on ${decision.dataset.digest}`);
  if (decision.type === "NameTaken") record("Warning", "NameTaken", "Train", decision.message);
  if (decision.type === "Fail") record("Warning", decision.reason, "Train", decision.message);
  if (decision.type === "Succeed")
    record(
      decision.verdict.passed ? "Normal" : "Warning",
      decision.verdict.reason,
      "Validate",
      decision.verdict.message,
    );
}
