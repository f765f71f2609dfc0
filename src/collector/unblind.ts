import type { Choice } from "../api/contracts/collector-api.ts";

/** A judged pair as stored: stable's text, and the candidate's or, without one, stable's second. */
export interface JudgedPair {
  stableText: string;
  otherText: string;
  /** null: both texts are stable's, so the choice says nothing about a candidate. */
  candidate: string | null;
}

export interface Verdict {
  /** 1: the candidate's answer was chosen, 0: stable's, 0.5: neither; null without a candidate. */
  outcome: 0 | 0.5 | 1 | null;
  /** null for a tie. */
  preference: { chosen: string; rejected: string } | null;
}

/** What a blind choice says, once it is known whose answer stood first. */
export function unblind(pair: JudgedPair, stableIsA: boolean, choice: Choice["choice"]): Verdict {
  if (choice === "Tie") return { outcome: pair.candidate === null ? null : 0.5, preference: null };
  const stableChosen = (choice === "A") === stableIsA;
  const preference = stableChosen
    ? { chosen: pair.stableText, rejected: pair.otherText }
    : { chosen: pair.otherText, rejected: pair.stableText };
  if (pair.candidate === null) return { outcome: null, preference };
  return { outcome: stableChosen ? 0 : 1, preference };
}
