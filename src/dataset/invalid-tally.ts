import type { InvalidExample, InvalidReason } from "../api/contracts/profile.ts";
import type { PairFault } from "./pair-fault.ts";

/** Examples kept for each reason; the counts go on. */
const examplesPerReason = 10;

export interface InvalidTally {
  counts: Partial<Record<InvalidReason, number>>;
  examples: InvalidExample[];
}

export function emptyTally(): InvalidTally {
  return { counts: {}, examples: [] };
}

export function tallyFault(tally: InvalidTally, { reason, message }: PairFault, where: string): void {
  const count = (tally.counts[reason] ?? 0) + 1;
  tally.counts[reason] = count;
  if (count <= examplesPerReason) tally.examples.push({ reason, where, message });
}

export function invalidTotal({ counts }: InvalidTally): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}
