import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { DPOJobStatus } from "../../api/v1alpha1/dpo-job.ts";
import { formatPercent } from "../../api/v1alpha1/quantity.ts";
import { type NewCondition, setConditions } from "../../runtime/conditions.ts";
import { type Standing, standingConditions } from "../kstatus.ts";
import type { Decision } from "./decide.ts";
import type { Observed, Training } from "./observed.ts";

/** What the controller owns of the status: all of it but `progress`, which the progress server applies under its own name. */
export type OwnedStatus = Omit<DPOJobStatus, "progress">;

/** The whole owned status, from what was seen and decided. */
export function status({ job, training }: Observed, decision: Decision, now: Date): OwnedStatus {
  const { progress, ...previous } = job.status ?? {};
  const generation = job.metadata.generation;
  if (decision.type === "Finished") return seenAgain(previous, generation);
  const stand = standing(decision, progress);
  const startTime = previous.startTime ?? training?.startTime;
  return {
    ...previous,
    observedGeneration: generation,
    phase: stand.phase,
    ...(decision.type === "Pin" && { dataset: decision.dataset }),
    ...(startTime && { startTime }),
    ...ended(decision),
    conditions: [
      ...setConditions(
        previous.conditions ?? [],
        [
          ...standingConditions(stand.standing, stand.reason, stand.message, generation),
          ...outcomeConditions(decision, generation),
        ],
        now,
      ),
    ],
  };
}

/** What ended stays as it was; that spec.suspend changed since was seen and has no effect. */
function seenAgain(previous: OwnedStatus, observedGeneration: number): OwnedStatus {
  const { conditions = [], ...rest } = previous;
  return { ...rest, observedGeneration, conditions: conditions.map((each) => ({ ...each, observedGeneration })) };
}

function ended(decision: Decision): Pick<DPOJobStatus, "completionTime" | "artifact" | "validation"> {
  if (decision.type === "Fail") return { completionTime: decision.at };
  if (decision.type !== "Succeed") return {};
  const { uri, digest, dataset, base, validation } = decision.result;
  const measured = validation.heldOutWinRate;
  return {
    completionTime: decision.at,
    artifact: { uri, digest, dataset, base },
    ...(measured !== null && {
      validation: {
        heldOutWinRate: {
          value: formatPercent(measured.value),
          interval: measured.interval.map((bound) => formatPercent(bound)),
          samples: measured.samples,
        },
      },
    }),
  };
}

function outcomeConditions(decision: Decision, observedGeneration: number): NewCondition[] {
  const condition = (type: string, status: "True" | "False", reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    observedGeneration,
  });
  const suspended = decision.type === "Suspended";
  const suspend = condition(
    CONDITION.suspended,
    suspended ? "True" : "False",
    suspended ? "Suspended" : "NotSuspended",
    suspended ? "spec.suspend is true" : "spec.suspend is false",
  );
  if (decision.type === "Fail")
    return [suspend, condition(CONDITION.failed, "True", decision.reason, decision.message)];
  if (decision.type !== "Succeed") return [suspend];
  const { passed, reason, message } = decision.verdict;
  return [
    suspend,
    condition(
      CONDITION.complete,
      "True",
      "Trained",
      `${decision.result.steps} steps in ${Math.round(decision.result.seconds)}s, loss ${decision.result.firstLoss.toFixed(4)} to ${decision.result.lastLoss.toFixed(4)}`,
    ),
    condition(CONDITION.validated, passed ? "True" : "False", reason, message),
  ];
}

interface Stand {
  readonly standing: Standing;
  readonly phase: string;
  readonly reason: string;
  readonly message: string;
}

function inProgress(phase: string, reason: string, message: string): Stand {
  return { standing: "InProgress", phase, reason, message };
}

function standing(decision: Exclude<Decision, { type: "Finished" }>, progress: DPOJobStatus["progress"]): Stand {
  switch (decision.type) {
    case "WaitForSnapshot":
      return inProgress("Pending", "WaitingForSnapshot", decision.message);
    case "Pin":
      return inProgress("Pending", "SnapshotPinned", `Trains on ${decision.dataset.digest}`);
    case "Start":
      return inProgress("Pending", "Starting", "The training pod is being created");
    case "NameTaken":
      return { standing: "Stalled", phase: "Pending", reason: "NameTaken", message: decision.message };
    case "SetSuspend":
      return inProgress(
        "Pending",
        "Suspending",
        decision.suspend ? "The training pod is being stopped" : "The training pod is being started again",
      );
    case "Suspended":
      return {
        standing: "NotReady",
        phase: "Suspended",
        reason: "Suspended",
        message: "spec.suspend is true: no pod runs",
      };
    case "Run":
      return running(decision.training, progress);
    case "Fail":
      return { standing: "Stalled", phase: "Failed", reason: decision.reason, message: decision.message };
    case "Succeed": {
      const { passed, reason, message } = decision.verdict;
      return { standing: passed ? "Ready" : "Stalled", phase: passed ? "Succeeded" : "Failed", reason, message };
    }
  }
}

function running({ pod, unschedulable, lastFailure }: Training, progress: DPOJobStatus["progress"]): Stand {
  if (pod.phase === "Ended")
    return inProgress("Finishing", "Finishing", "The trainer has ended; its Job has not said how yet");
  if (unschedulable !== undefined)
    return inProgress("Pending", "Unschedulable", `No node takes the training pod: ${unschedulable}`);
  if (pod.phase === "Running") {
    if (progress !== undefined && isDone(progress, pod.since))
      return inProgress(
        "Finishing",
        "Finishing",
        `All ${progress.of} steps are done; the model is validated and stored`,
      );
    return inProgress("Training", "Training", "The training pod runs; status.progress says how far it is");
  }
  if (lastFailure !== undefined)
    return inProgress("Pending", "Retrying", `A training pod failed and is replaced: ${lastFailure}`);
  return inProgress("Pending", "Starting", "The training pod is starting");
}

/** Whether the pod that runs since then has made its last step: what a pod before it pushed does not count. */
function isDone({ step, of, updatedAt }: NonNullable<DPOJobStatus["progress"]>, since: string): boolean {
  return step >= of && updatedAt !== undefined && Date.parse(updatedAt) >= Date.parse(since);
}
