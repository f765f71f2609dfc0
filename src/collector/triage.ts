import type { PostPairRequest } from "../api/contracts/collector-api.ts";

/** What to do with two answers to one prompt. `outcome`: 1 for the candidate, 0 for stable. */
export type Triage =
  | { kind: "Queue"; stableText: string; otherText: string }
  | { kind: "Drop"; reason: "Identical" | "Failed" }
  | { kind: "Decided"; outcome: 0 | 1 };

/**
 * An arm that gives no answer where the other gives one has lost: a gap would hide a candidate that fails. A baseline is no
 * arm: that it fails is no reason to promote anybody.
 */
export function triage(pair: PostPairRequest): Triage {
  const stableText = textOf(pair.stable);
  const otherText = textOf(pair.candidate ?? pair.other);
  if (stableText !== undefined && otherText !== undefined) {
    return stableText === otherText ? { kind: "Drop", reason: "Identical" } : { kind: "Queue", stableText, otherText };
  }
  const isLost = pair.candidate !== undefined && stableText !== undefined;
  const isWon = pair.candidate !== undefined && otherText !== undefined && !pair.baseline;
  if (isLost) return { kind: "Decided", outcome: 0 };
  return isWon ? { kind: "Decided", outcome: 1 } : { kind: "Drop", reason: "Failed" };
}

export function textOf(answer: PostPairRequest["candidate"]): string | undefined {
  return answer !== undefined && "text" in answer ? answer.text : undefined;
}
