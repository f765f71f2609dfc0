import type { PreferenceCanary, PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import type { Liveness } from "../../../traffic/liveness.ts";
import { ALMOST_WHOLE, weightOf } from "../../../traffic/slots.ts";

export type Step = PreferenceCanarySpec["steps"][number];

/** Nobody would ever see a shorter step. */
const SHORTEST_MS = 1_000;

/** The name of the step that `afterPromotion` adds; no step of a spec with one is called so. */
export const WATCH = "watch";

/**
 * The steps of the spec, and the watch after them: the candidate has everything, but the revision before it is still
 * there, still compared, and still called stable, so that a rollback is what it is in any other step.
 */
export function stepsOf({ spec, status }: Pick<PreferenceCanary, "spec" | "status">): readonly Step[] {
  const { steps, afterPromotion } = spec;
  // Git may take the watch away while a candidate is in it: then it is over, and not back at the first step.
  if (afterPromotion === undefined && status?.step?.name !== WATCH) return steps;
  return [...steps, { name: WATCH, weight: 100, minDuration: afterPromotion?.watch ?? "0s", approval: "None" }];
}

/** What a candidate in this step gets in the route; the rest of the whole only once it is stable. */
export function routeWeight({ weight }: Pick<Step, "weight">): number {
  return Math.min(weightOf(weight), ALMOST_WHOLE);
}

/** Where a run is on its way. */
export interface Progress {
  readonly step: Step;
  /** From 0. */
  readonly index: number;
  readonly of: number;
  /** Since when the step's weight has been live; absent while it is not. */
  readonly since?: Date;
  /** Until the step has lasted long enough; absent while its weight is not live. */
  readonly remainingMs?: number;
  /** Of a weight that is stored, and not live yet. */
  readonly entering?: Liveness;
}

/**
 * `weight`: what the candidate has in the route, on the route's scale, and `live` whether requests are served by that.
 * `isServing`: it could answer requests now.
 */
export interface StepInputs {
  readonly canary: PreferenceCanary;
  readonly revision: string;
  readonly weight: number;
  readonly live: Liveness;
  readonly isServing: boolean;
  /** Somebody else has changed the route: what stands there is no step's. */
  readonly isMeddled: boolean;
}

/**
 * The step that the run is in: the one in status, found by its name since Git may have changed the list; a later one
 * when the route already has its weight, since the route is written before status.
 */
export function progressOf(inputs: StepInputs, now: Date): Progress {
  const { canary, revision, weight, live, isServing, isMeddled } = inputs;
  const steps = stepsOf(canary);
  const { status } = canary;
  const isSameRun = status?.candidate?.revision === revision;
  const remembered = isSameRun ? Math.max(0, indexOf(steps, status.step?.name)) : 0;
  // What has everything by a step of the spec is not promoted by that, also where Git has made less of the step since.
  const isBeforeWatch = isSameRun && isInWhole(status);
  const later = isBeforeWatch ? steps.filter(({ name }) => name !== WATCH) : steps;
  const index = isMeddled ? remembered : laterStep(later, remembered, weight);
  const step = stepAt(steps, index);
  const known = { step, index, of: steps.length };
  if (!isServing || isMeddled || !isStored(step, weight)) return known;
  // A step that Git gave another weight begins anew; one that was to be promoted says 100.
  const isSameWeight = status?.weights?.desired === step.weight || status?.weights?.desired === 100;
  const isSameStep = isSameRun && isSameWeight && status.step?.name === step.name;
  const began = isSameStep ? status.weights?.since : undefined;
  if (began === undefined && live.inMs !== 0) return { ...known, entering: live };
  const since = new Date(began ?? now);
  const over = since.getTime() + Math.max(SHORTEST_MS, parseDuration(step.minDuration));
  return { ...known, since, remainingMs: Math.max(0, over - now.getTime()) };
}

/** By status it was given all requests, and not by a promotion. */
export function isInWhole({ step, weights }: NonNullable<PreferenceCanary["status"]>): boolean {
  return step !== undefined && step.name !== WATCH && weights?.desired === 100;
}

/** The step after this one; undefined after the last. */
export function nextStep(progress: Progress, steps: readonly Step[]): Progress | undefined {
  const index = progress.index + 1;
  return index < steps.length ? { step: stepAt(steps, index), index, of: steps.length } : undefined;
}

/** "in step first (1%), 1 of 3" */
export function describeProgress({ step, index, of, since }: Progress): string {
  return `${since === undefined ? "entering" : "in"} step ${step.name} (${step.weight}%), ${index + 1} of ${of}`;
}

function indexOf(steps: readonly Step[], name: string | undefined): number {
  return steps.findIndex((step) => step.name === name);
}

function laterStep(steps: readonly Step[], from: number, weight: number): number {
  const current = routeWeight(stepAt(steps, from));
  if (weight <= current) return from;
  const later = steps.findIndex((step, index) => index > from && routeWeight(step) === weight);
  return later < 0 ? from : later;
}

/** A shadow step's candidate has no weight, or one in a million on the way to the whole. */
function isStored(step: Step, stored: number): boolean {
  return step.weight === 0 ? stored <= 1 : stored === routeWeight(step);
}

function stepAt(steps: readonly Step[], index: number): Step {
  const step = steps[index];
  if (step === undefined) throw new RangeError(`there is no step ${index} of ${steps.length}`);
  return step;
}
