import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import type { Evidence } from "./evidence.ts";

/**
 * Nothing was heard of some of a candidate's evidence yet: a manager that has just begun knows no more than status says.
 * `hasServed`: users; before that nobody waits to hear of ratings.
 */
export function isUnread({ gates }: PreferenceCanarySpec, evidence: Evidence, hasServed: boolean): boolean {
  const { comparisons, checks, ratings, answers } = evidence;
  const { safety, compliance, regression, mismatch } = gates;
  const isRated = hasServed && (compliance !== undefined || regression !== undefined || mismatch !== undefined);
  const collected = [comparisons, ...(safety ? [checks] : []), ...(isRated ? [ratings] : [])];
  return [...collected, ...Object.values(answers)].some(({ access }) => access.type === "Unread");
}
