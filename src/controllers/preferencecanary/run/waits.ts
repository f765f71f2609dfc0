import { ANNOTATION } from "../../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import type { Verdict } from "../../../gates/verdict.ts";
import { timestamp } from "../../../runtime/conditions.ts";
import type { Liveness } from "../../../traffic/liveness.ts";
import { isComplete } from "../arms/arm-state.ts";
import { canCarry, podsFor } from "../arms/pods.ts";
import { isCalled } from "../gates/gate-names.ts";
import type { GateStatus } from "../gates/gates.ts";
import type { Arm } from "../observed.ts";
import { type Exposure, isBounded } from "./exposure.ts";
import type { Orders } from "./orders.ts";
import type { Candidate } from "./run.ts";
import { nextStep, type Progress, stepsOf, WATCH } from "./steps.ts";
import { openingOf } from "./windows.ts";

/** What keeps a candidate that is well from getting further; `until` where only time is missing. */
export interface Wait {
  readonly type: "Duration" | "Pause" | "Approval" | "Gates" | "Pods" | "Window" | "Exposure";
  readonly until?: Date;
  /** What is waited for, to be read after "waits". */
  readonly words: string;
}

export interface WaitInputs {
  readonly canary: PreferenceCanary;
  readonly candidate: Pick<Candidate, "revision">;
  readonly progress: Progress;
  readonly gates: readonly GateStatus[];
  /** Of all gates together. */
  readonly verdict: Verdict;
  readonly arm: Arm;
  /** That verdict stands in status. */
  readonly isRecorded: boolean;
  readonly orders: Orders;
  readonly exposure: Exposure | undefined;
}

/** Everything that has to happen before the step is left; after the last step that is promotion. */
export function waitsOf(inputs: WaitInputs, now: Date): readonly Wait[] {
  const { canary, progress } = inputs;
  const next = nextStep(progress, stepsOf(canary));
  const bounded = bounding(inputs);
  const lasts = bounded.length > 0 ? bounded : lasting(inputs, now);
  const waits = [...lasts, ...pausing(inputs, now), ...approval(inputs), ...beyond(next, inputs, now)];
  // Pods cost most, so they come last; and a window that opens is not to be over before they are there.
  return waits.every(({ type }) => type === "Window") ? [...scaling(next, inputs), ...waits] : waits;
}

/** Stable's pods stay until it is stable no more, so what a candidate has yet to get comes on top of them. */
function scaling(next: Progress | undefined, { canary, progress, arm }: WaitInputs): Wait[] {
  // It has everything already, however its pods are now.
  if (progress.step.weight === 100 && progress.since !== undefined) return [];
  if (next !== undefined && next.step.name !== WATCH) {
    const { name, weight } = next.step;
    if (canCarry(arm, canary, weight)) return [];
    return [{ type: "Pods", words: `for ${podsFor(canary.spec, weight)} pods to be ready before step ${name}` }];
  }
  if (canCarry(arm, canary, 100) && isComplete(arm)) return [];
  return [{ type: "Pods", words: "for all its pods to be ready" }];
}

/** What leads to all requests is a promotion. Nothing more is asked of a candidate that has been watched. */
function beyond(next: Progress | undefined, inputs: WaitInputs, now: Date): Wait[] {
  if (inputs.progress.step.name === WATCH) return [];
  const isPromotion = next === undefined || next.step.name === WATCH;
  return isPromotion ? beforePromotion(inputs, now) : beforeStep(next, inputs);
}

/** A step begins with its whole weight. */
function bounding({ progress: { step, since }, exposure, gates }: WaitInputs): Wait[] {
  if (exposure === undefined || since !== undefined || !isBounded(exposure, step, gates)) return [];
  return [
    { type: "Exposure", words: `for gates.safety to pass, or for what it may serve until then: ${exposure.words}` },
  ];
}

function lasting({ progress: { step, remainingMs, entering }, canary, arm }: WaitInputs, now: Date): Wait[] {
  if (remainingMs === 0) return [];
  if (remainingMs === undefined) {
    const live = untilLive(entering, now);
    // The step is new to a candidate that was chosen, or Git has changed it.
    if (canCarry(arm, canary, step.weight)) return [{ type: "Duration", ...live }];
    return [
      { type: "Duration", words: `for ${podsFor(canary.spec, step.weight)} pods to be ready, and ${live.words}` },
    ];
  }
  const until = new Date(now.getTime() + remainingMs);
  return [{ type: "Duration", until, words: `until ${timestamp(until)}` }];
}

/** Where a gateway can be asked, only its answer ends the wait; where none can, time does. */
function untilLive({ inMs, problem }: Partial<Liveness> = {}, now: Date): Omit<Wait, "type"> {
  const words = "until its weight is live";
  if (inMs !== undefined) return { until: new Date(now.getTime() + inMs), words };
  return { words: problem === undefined ? words : `${words} (${problem})` };
}

function pausing({ progress: { step }, orders, candidate: { revision } }: WaitInputs, now: Date): Wait[] {
  if (step.pause === undefined || orders.isResumed(step.name)) return [];
  const until = new Date(step.pause.until);
  if (until <= now) return [];
  const words = `until ${step.pause.until}, or until the canary is annotated with ${ANNOTATION.resume}=${revision}/${step.name}`;
  return [{ type: "Pause", until, words }];
}

function approval({ progress: { step }, orders, candidate: { revision } }: WaitInputs): Wait[] {
  if (step.approval !== "Required" || orders.isApproved(step.name)) return [];
  const rest = orders.isAnew
    ? `, with ${ANNOTATION.retry} and every approval of the try before taken off: beside it none counts`
    : "";
  return [{ type: "Approval", words: `for the annotation ${ANNOTATION.approve}=${revision}/${step.name}${rest}` }];
}

function beforeStep({ step }: Progress, { gates }: WaitInputs): Wait[] {
  const missing = (step.requires ?? []).filter((name) => !hasPassed(name, gates));
  if (missing.length === 0) return [];
  return [{ type: "Gates", words: `for ${missing.join(" and ")} to pass before step ${step.name}` }];
}

/** Of several gates by that name, as of metrics, all of them. */
function hasPassed(name: string, gates: readonly GateStatus[]): boolean {
  const named = gates.filter((gate) => isCalled(gate.name, name));
  return named.length > 0 && named.every(({ verdict }) => verdict === "Pass");
}

function beforePromotion({ canary, verdict, isRecorded }: WaitInputs, now: Date): Wait[] {
  if (verdict !== "Pass") return [{ type: "Gates", words: "for every gate to pass" }];
  if (!isRecorded) return [{ type: "Gates", words: "for its numbers to stand in status" }];
  const opening = openingOf(canary.spec, now);
  if (opening.isOpen) return [];
  if ("problem" in opening)
    return [{ type: "Window", words: `for a window in which it may be promoted: ${opening.problem}` }];
  const { opens: until } = opening;
  return [{ type: "Window", until, words: `for the window in which it may be promoted, at ${timestamp(until)}` }];
}
