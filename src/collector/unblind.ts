import type { Choice } from "../api/contracts/collector-api.ts";

/** A judged pair as stored: stable's text, and the candidate's or, without one, stable's second. */
export interface JudgedPair {
  stableText: string;
  otherText: string;
  /** null: both texts are stable's, so the choice says nothing about a candidate. */
  candidate: string | null;
}

export interface Verdict {
  /** How probable it is that the candidate's answer is better: 1 when it was chosen, 0 when stable's was; null without a candidate. */
  outcome: number | null;
  /** Of whichever answer is more probably better; null for a tie. */
  preference: { chosen: string; rejected: string } | null;
}

const PROBABILITY = { A: 1, B: 0, Tie: 0.5 } as const;

/** What a blind choice says, once it is known whose answer stood first. */
export function unblind(pair: JudgedPair, stableIsA: boolean, choice: Choice["choice"]): Verdict {
  const ofA = typeof choice === "number" ? choice : PROBABILITY[choice];
  const ofOther = stableIsA ? 1 - ofA : ofA;
  const outcome = pair.candidate === null ? null : ofOther;
  if (ofA === 0.5) return { outcome, preference: null };
  const [chosen, rejected] = ofOther > 0.5 ? [pair.otherText, pair.stableText] : [pair.stableText, pair.otherText];
  return { outcome, preference: { chosen, rejected } };
}
