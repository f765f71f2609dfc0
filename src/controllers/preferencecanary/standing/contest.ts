import { CONDITION } from "../../../api/v1alpha1/condition-types.ts";
import type { Condition } from "../../../api/v1alpha1/object.ts";
import { findCondition, type NewCondition, timestamp } from "../../../runtime/conditions.ts";
import type { Effect } from "../effect.ts";
import type { Facts } from "../facts.ts";
import { routeKindOf } from "../route-kind-of.ts";

/** Whoever looks an hour later is told, and not for ever: what was written back stands no more. */
const TOLD_MS = 3_600_000;

/**
 * Whether somebody else's change of the route was undone of late; of a canary to which that has never happened nothing. An
 * Event says it too, but is not seen by who looks at the canary alone, or late.
 */
export function routeContested(
  { observed: { canary, route }, outcome, now }: Facts,
  observedGeneration: number,
): NewCondition[] {
  const type = CONDITION.routeContested;
  const before = findCondition(canary.status?.conditions, type);
  const undone = undoneBy(outcome?.effect);
  if (undone !== undefined && route !== undefined) {
    const words = contestedWords(routeKindOf(canary).kind, route.object.metadata.name, undone);
    const message = `At ${timestamp(now)}: ${words}`;
    return [{ type, status: "True", reason: "WrittenBack", message, observedGeneration }];
  }
  if (before === undefined) return [];
  if (before.status !== "True" || now.getTime() - lastContest(before) < TOLD_MS)
    return [{ ...before, observedGeneration }];
  const message = "Nobody else has written into the route for an hour";
  return [{ type, status: "False", reason: "NotContested", message, observedGeneration }];
}

/** Milliseconds since the epoch. The transition is that of the first in a row. */
function lastContest({ message, lastTransitionTime }: Condition): number {
  return Date.parse(/^At (\S+Z): /.exec(message)?.[1] ?? lastTransitionTime);
}

/** What somebody else had written, in words. */
function undoneBy(effect: Effect | undefined): string | undefined {
  return effect?.type === "WriteRoute" ? effect.undoes : undefined;
}

/** `words`: what was written, as the route says it. */
export function contestedWords(kind: string, name: string, words: string): string {
  return `Somebody else had changed ${kind} ${name} (${words.slice(0, 768)}): it is written back, since the canary alone moves traffic`;
}
