import { CONDITION } from "../../../api/v1alpha1/condition-types.ts";
import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import { findCondition, type NewCondition } from "../../../runtime/conditions.ts";
import { armName, armNameIn } from "../../../traffic/names.ts";
import { percentOf, weightIn } from "../../../traffic/slots.ts";
import { isAvailable, isReachable } from "../arms/arm-state.ts";
import { type Effect, nameIn, type Refusal } from "../effect.ts";
import type { Facts } from "../facts.ts";
import { routeKindOf } from "../route-kind-of.ts";
import { whyTakenBack } from "./run-standing.ts";
import type { Stand } from "./stand.ts";

/**
 * The API server, or a policy or quota that it asks, takes something only if somebody mends it. The canary is Stalled by
 * that where nothing goes on without it; otherwise it stands as it would, and says so beside.
 */
export function withRefusals(facts: Facts, stand: Stand): Stand {
  const { refusals = [] } = facts.outcome ?? {};
  const hindering = refusals.find(({ effect }) => isNeeded(facts, effect));
  if (hindering !== undefined)
    return {
      phase: "Stalled",
      standing: "Stalled",
      reason: reasonOf(hindering),
      message: `${wordsOf(facts, hindering)}${restOf(facts, hindering, stand)}`,
    };
  return { ...stand, message: [stand.message, ...refusals.map((refusal) => wordsOf(facts, refusal))].join(". ") };
}

/** Of a canary to which that has never happened nothing. What a pass has not tried again is believed to be as it was. */
export function writeRefused(facts: Facts, observedGeneration: number): NewCondition[] {
  const type = CONDITION.writeRefused;
  const before = findCondition(facts.observed.canary.status?.conditions, type);
  const { effect, refusals = [] } = facts.outcome ?? {};
  const main = refusals.find((refusal) => isNeeded(facts, refusal.effect)) ?? refusals[0];
  if (main !== undefined) {
    const message = refusals.map((refusal) => wordsOf(facts, refusal)).join("; ");
    return [{ type, status: "True", reason: reasonOf(main), message, observedGeneration }];
  }
  if (before === undefined) return [];
  if (facts.outcome === undefined || effect !== undefined) return [{ ...before, observedGeneration }];
  const message = "The API server takes what the canary writes";
  return [{ type, status: "False", reason: "NothingRefused", message, observedGeneration }];
}

/** As status remembers it of an arm, and from when on. */
export type Refused = NonNullable<NonNullable<PreferenceCanaryStatus["candidate"]>["refused"]>;

/** While nothing of what the arm is made of is taken. What a pass did not get to is as it was `before`. */
export function refusedSince(
  { observed, outcome, now }: Facts,
  revision: string,
  before: Refused | undefined,
): Refused | undefined {
  const isIts = (effect: Effect) => isOfArm(effect, observed.canary.metadata.name, revision);
  const refusal = outcome?.refusals.find(({ effect }) => isIts(effect));
  if (refusal !== undefined)
    return { since: before?.since ?? now.toISOString(), message: refusal.message.slice(0, 1024) };
  const isTried = outcome !== undefined && (outcome.effect === undefined || isIts(outcome.effect));
  return isTried ? undefined : before;
}

/** Traffic, the finalizer, or what an arm is made of that has to serve before anything goes on. */
function isNeeded(facts: Facts, effect: Effect): boolean {
  if (effect.type === "WriteRoute" || effect.type === "AddFinalizer") return true;
  const { name } = facts.observed.canary.metadata;
  // The verdict on one that is taken back stands on the route as well.
  const isVerdict = effect.type === "ApplyRecord" && isTakenBack(facts);
  return !isVerdict && awaited(facts).some((revision) => isOfArm(effect, name, revision));
}

function isOfArm(effect: Effect, canary: string, revision: string): boolean {
  const name = nameIn(effect);
  return name !== undefined && armNameIn(name) === armName(canary, revision);
}

function awaited({ observed: { arms }, run, isServing, selection }: Facts): readonly string[] {
  const { stable, target, candidate } = run;
  if (stable === undefined) return target === undefined ? [] : [target.revision];
  const arm = arms.get(stable) ?? {};
  const next = candidate?.state === "Running" && isServing ? undefined : candidate;
  return [
    ...(isAvailable(arm) && isReachable(arm) ? [] : [stable]),
    ...(next === undefined ? [] : [next.revision]),
    ...(selection?.chosen === undefined ? [] : [selection.chosen.revision]),
  ];
}

function isTakenBack({ run: { candidate }, rejection }: Facts): boolean {
  return candidate !== undefined && (candidate.state !== "Running" || rejection !== undefined);
}

function reasonOf({ effect: { type } }: Refusal): string {
  if (type === "WriteRoute") return "RouteRefused";
  return type === "ApplyDeployment" || type === "ApplyInferenceService" ? "PodsRefused" : "WriteRefused";
}

function wordsOf(facts: Facts, { effect: { type }, message }: Refusal): string {
  if (type === "WriteRoute") return routeWords(facts, message);
  if (type === "ApplyDeployment" || type === "ApplyInferenceService")
    return `The API server does not take the pods: ${message}`;
  return `The API server does not take what the canary writes: ${message}`;
}

/** That somebody is served by a model that was rejected comes before everything else. */
function routeWords(facts: Facts, message: string): string {
  const { observed, run } = facts;
  const { stable, candidate } = run;
  const { kind, name } = routeKindOf(observed.canary);
  if (stable === undefined || candidate === undefined || !isTakenBack(facts))
    return `The API server does not take ${kind} ${name}, so traffic stays as it is: ${message}`;
  const { revision } = candidate;
  const weight = observed.route?.slots === undefined ? 0 : weightIn(observed.route.slots, revision);
  const back = armName(observed.canary.metadata.name, stable);
  return (
    `Candidate ${revision} is to be taken back and still gets ${percentOf(weight)}% of requests, since the API server does not take ${kind} ${name}: ` +
    `let the manager write it, which it tries every second, or give Service ${back} all requests there by hand. ` +
    `The API server says: ${message}. Why it is taken back: ${whyTakenBack(facts, candidate)}`
  );
}

function restOf(facts: Facts, { effect }: Refusal, { message }: Stand): string {
  const { stable } = facts.run;
  if (effect.type === "WriteRoute") return isTakenBack(facts) ? "" : `. ${message}`;
  return `${stable === undefined ? "" : `. ${stable} goes on serving`}. ${message}`;
}
