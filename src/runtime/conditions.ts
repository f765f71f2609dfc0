import type { Condition } from "../api/v1alpha1/object.ts";

/** A condition without the time, which setCondition knows. */
export type NewCondition = Omit<Condition, "lastTransitionTime">;

/** Puts `next` in the place of the condition of its type, or at the end. The transition time moves with the status only. */
export function setCondition(conditions: readonly Condition[], next: NewCondition, now: Date): Condition[] {
  const previous = findCondition(conditions, next.type);
  const lastTransitionTime = previous?.status === next.status ? previous.lastTransitionTime : timestamp(now);
  const condition = { ...next, lastTransitionTime };
  if (previous === undefined) return [...conditions, condition];
  return conditions.map((existing) => (existing === previous ? condition : existing));
}

/** Sets several, in order. */
export function setConditions(
  conditions: readonly Condition[],
  next: readonly NewCondition[],
  now: Date,
): readonly Condition[] {
  return next.reduce((all, condition) => setCondition(all, condition, now), conditions);
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

export function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === "True";
}

/** metav1.Time: RFC 3339 in UTC with whole seconds. */
export function timestamp(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
