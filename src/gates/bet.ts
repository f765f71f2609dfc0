import type { Bet } from "./win-rate.ts";

/** A comparison as the collector's evidence stream gives it. */
export interface NumberedVote {
  readonly sequence: number;
  readonly outcome: number;
  /** 1 for the first vote on this prompt between these two revisions, and so on; numbered when it was stored. */
  readonly vote: number;
}

/**
 * The bet that a vote is, or undefined when it is none. The unit is the prompt, and one prompt is one bet: votes on the
 * same prompt are not independent, and a bet a vote over 20 recurring prompts promotes wrongly in 23% at nominal 5%.
 * Which vote counts is fixed beforehand (the first), so it cannot depend on how the votes fall.
 */
export function selectBet({ sequence, outcome, vote }: NumberedVote): Bet | undefined {
  return vote === 1 ? { sequence, outcome } : undefined;
}
