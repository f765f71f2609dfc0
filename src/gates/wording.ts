/**
 * What a two-threshold test is asked of. The test is one and the same; only what it counts has another name, so that
 * its explanations speak of what the reader sent.
 */
export interface Wording {
  /** Name of the gate, as in the canary's spec. */
  readonly gate: string;
  /** One piece of its evidence. */
  readonly record: string;
  /** What those do that count for the candidate. */
  readonly agree: string;
}

/** People's choices between the two arms' answers to one prompt: those of winRate, and of cohorts. */
export const COMPARISONS: Wording = { gate: "winRate", record: "comparison", agree: "preferred the candidate" };

/** Likewise, where the other answer is that of a baseline. */
export function comparisonsWith(baseline: string): Wording {
  return { ...COMPARISONS, agree: `${COMPARISONS.agree} to ${baseline}` };
}

/** People's thumbs on single answers of the candidate. */
export const RATINGS: Wording = { gate: "compliance", record: "rating", agree: "approved of the answer" };
