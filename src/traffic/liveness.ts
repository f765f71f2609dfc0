import type { Finding } from "./inquiries.ts";

/** Where no gateway can be asked, weights count as live this long after they are stored (measured: 4-6 ms, at most 20). */
export const LIVE_MS = 1_000;

/** Whether requests are served by the weights that are stored. */
export interface Liveness {
  /** Answers have shown it. */
  readonly isVerified: boolean;
  /** Until they count as live, 0 from then on; absent: not before a gateway answers with them. */
  readonly inMs?: number;
  /** Why they are not verified, as far as that is known, in words. */
  readonly problem?: string;
}

/** `unchangedMs`: how long the weights are known to be stored. */
export function liveness(finding: Finding | undefined, unchangedMs: number): Liveness {
  switch (finding?.type) {
    case undefined:
      return { isVerified: false };
    case "Confirmed":
      return { isVerified: true, inMs: 0 };
    case "Denied":
      return { isVerified: false, problem: finding.words };
    case "Unanswered":
      return { isVerified: false, inMs: Math.max(0, LIVE_MS - unchangedMs), problem: finding.words };
  }
}
