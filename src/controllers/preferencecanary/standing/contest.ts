import { CONDITION } from "../../../api/v1alpha1/condition-types.ts";
import { findCondition, type NewCondition } from "../../../runtime/conditions.ts";
import type { Facts } from "../facts.ts";
import { routeKindOf } from "../route-kind-of.ts";

/** Whoever looks an hour later is told, and not for ever: what was written back stands no more. */
const TOLD_MS = 3_600_000;

/**
 * Whether somebody else's change of the route was undone of late, as the route says; of a canary to which that has never
 * happened nothing. An Event says it too, but is not seen by who looks at the canary alone, or late.
 */
export function routeContested(
  { observed: { canary, route }, outcome, now }: Facts,
  observedGeneration: number,
): NewCondition[] {
  const type = CONDITION.routeContested;
  const before = findCondition(canary.status?.conditions, type);
  const contest = (outcome?.effect?.type === "WriteRoute" && outcome.effect.intent.contested) || route?.contested;
  if (route !== undefined && contest !== undefined && now.getTime() - Date.parse(contest.at) < TOLD_MS) {
    const words = contestedWords(routeKindOf(canary).kind, route.object.metadata.name, contest.words);
    return [{ type, status: "True", reason: "WrittenBack", message: `At ${contest.at}: ${words}`, observedGeneration }];
  }
  if (before === undefined) return [];
  if (route === undefined) return [{ ...before, observedGeneration }];
  const message = "Nobody else has written into the route for an hour";
  return [{ type, status: "False", reason: "NotContested", message, observedGeneration }];
}

/** `words`: what was written, as the route says it. */
export function contestedWords(kind: string, name: string, words: string): string {
  return `Somebody else had changed ${kind} ${name} (${words.slice(0, 768)}): it is written back, since the canary alone moves traffic`;
}
