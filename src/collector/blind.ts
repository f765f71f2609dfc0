import type { BlindPair } from "../api/contracts/collector-api.ts";

/** A pair on its way to a labeler, with whose answer stands first. */
export interface LeasedPair {
  id: string;
  lease: string;
  prompt: string;
  stableText: string;
  otherText: string;
  stableIsA: boolean;
  expiresAt: Date;
}

/** What a labeler sees: nothing here tells stable's answer from the other. */
export function blind(pair: LeasedPair): BlindPair {
  const { id, lease, prompt, stableText, otherText, stableIsA } = pair;
  const [a, b] = stableIsA ? [stableText, otherText] : [otherText, stableText];
  return { id, lease, prompt, a, b, expiresAt: pair.expiresAt.toISOString() };
}

/** 32 hex digits; `random` gives numbers in [0, 1). */
export function mintId(random: () => number): string {
  return Array.from({ length: 8 }, () =>
    Math.floor(random() * 0x10000)
      .toString(16)
      .padStart(4, "0"),
  ).join("");
}
