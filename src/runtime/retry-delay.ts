const FIRST_MS = 200;
const LONGEST_MS = 30_000;

/**
 * Milliseconds before the next attempt at what has failed so often in a row: doubling from 200 ms to 30 s, and spread over
 * half of that, so that callers do not come back all at once. `random` gives numbers in [0, 1).
 */
export function retryDelayMs(failures: number, random: () => number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** (failures - 1)) * (0.75 + random() / 2);
}
