import type { Bet } from "./win-rate.ts";

/**
 * What counts as one independent bet, which depends on whom the answer is about. `Prompt`: this panel of raters, or this
 * judge, over all prompts. `Rater`: all the people that the raters were drawn from.
 */
export type Unit = "Prompt" | "Rater";

/** A comparison as the collector's evidence stream gives it. */
export interface NumberedVote {
  readonly sequence: number;
  readonly outcome: number;
  /** 1 for the first vote on this prompt between these two revisions, and so on; numbered when it was stored. */
  readonly vote: number;
  /** The same of the rater's votes; null where nobody chose, since one arm failed to answer. */
  readonly raterVote: number | null;
  /** The record of the choice that this is a later version of; absent of a first one. */
  readonly corrects?: number;
}

export interface Betting {
  readonly unit: Unit;
  /** Which vote of a unit is the bet, fixed beforehand: 1 is the first. */
  readonly votesPerUnit: number;
}

export const FIRST_ON_PROMPT: Betting = { unit: "Prompt", votesPerUnit: 1 };

/** Whether somebody has voted of whom the rates are about: with `Rater` an arm that failed to answer says nothing of any. */
export function isVote({ raterVote }: NumberedVote, { unit }: Betting): boolean {
  return unit === "Prompt" || raterVote !== null;
}

/**
 * The bet that a vote is, or undefined when it is none. One unit is one bet: votes on the same prompt, or of the same
 * rater, are not independent, and a bet a vote promotes wrongly in 23% of runs over 20 recurring prompts, and in 20% of
 * runs with ten raters, at nominal 5%. Which vote counts is a number fixed beforehand, so it cannot depend on how the
 * votes fall. With `Rater` an arm that failed to answer is no bet: nobody was asked. A choice that was corrected later stays
 * the bet that it was: what was already decided on it is not undone, and nobody bets twice.
 */
export function selectBet(record: NumberedVote, { unit, votesPerUnit }: Betting = FIRST_ON_PROMPT): Bet | undefined {
  const { sequence, outcome, vote, raterVote, corrects } = record;
  if (corrects !== undefined) return undefined;
  return (unit === "Prompt" ? vote : raterVote) === votesPerUnit ? { sequence, outcome } : undefined;
}
