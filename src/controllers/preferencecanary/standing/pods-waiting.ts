import { CONDITION } from "../../../api/v1alpha1/condition-types.ts";
import { findCondition, type NewCondition } from "../../../runtime/conditions.ts";
import { podWords } from "../arms/why-not-ready.ts";
import type { Facts } from "../facts.ts";
import type { Arm } from "../observed.ts";

/** Of a canary whose pods have always come up by themselves nothing. What every pod goes through is no news. */
export function podsWaiting(facts: Facts, observedGeneration: number): NewCondition[] {
  const type = CONDITION.podsWaiting;
  const waiting = armsOf(facts).flatMap(({ podProblem }) => (podProblem && !podProblem.isUsual ? [podProblem] : []));
  const [first] = waiting;
  if (first !== undefined)
    return [
      { type, status: "True", reason: first.reason, message: waiting.map(podWords).join("; "), observedGeneration },
    ];
  if (findCondition(facts.observed.canary.status?.conditions, type) === undefined) return [];
  const message = "No pod of an arm, the sampler or the judge waits for anything that does not come by itself";
  return [{ type, status: "False", reason: "NothingWaits", message, observedGeneration }];
}

/** Of what is wanted; what serves comes first. */
function armsOf({ observed: { arms, sampler, judge }, run, selection }: Facts): readonly Arm[] {
  const { stable, target, candidate } = run;
  const contending = (selection?.contenders ?? []).filter(({ out }) => out === undefined);
  const revisions = [
    stable ?? target?.revision,
    ...(candidate?.state === "Running" ? [candidate.revision] : []),
    ...contending.map(({ revision }) => revision),
  ];
  return [...revisions.map((revision = "") => arms.get(revision) ?? {}), sampler, judge];
}
