const BASE_MS = 5;
const LONGEST_MS = 1_000_000;

/** client-go's per-item exponential back-off: 5 ms · 2^failures, at most 1000 s. `failures` counts those before this one. */
export function backoffMs(failures: number): number {
  return Math.min(BASE_MS * 2 ** Math.min(failures, 30), LONGEST_MS);
}
