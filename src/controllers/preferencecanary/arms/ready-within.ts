import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import type { Observed } from "../observed.ts";
import { beganAt } from "../run/began.ts";
import { isComplete, progressedAt, startedAt } from "./arm-state.ts";

/** How long a candidate may be without what serves. Over all of its run, it would have no time for its steps. */
export function readyWithinMs({ canary: { spec } }: Pick<Observed, "canary">): number {
  const limits = [spec.serving.readyWithin, spec.deadline].flatMap((limit) => limit ?? []);
  return Math.min(...limits.map(parseDuration));
}

/**
 * When pods that are not all ready have taken too long: counted from when they were first asked for, whatever progress there
 * was since, or a pod that comes and goes would never be late; of an arm that was ready once, from its last change.
 * Absent while nothing is made that could get ready, or everything is.
 */
export function readyBy(observed: Observed, revision: string, hasEntered: boolean, now: Date): Date | undefined {
  const arm = observed.arms.get(revision) ?? {};
  const since = hasEntered ? progressedAt(arm) : startedAt(arm);
  if (since === undefined || isComplete(arm)) return undefined;
  const began = beganAt(observed, revision, now);
  return new Date(Math.max(since.getTime(), began.getTime()) + readyWithinMs(observed));
}
