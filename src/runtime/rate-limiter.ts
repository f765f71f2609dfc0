const BASE_MS = 5;
const LONGEST_MS = 30_000;

/**
 * client-go's per-item exponential back-off, 5 ms · 2^failures, but at most 30 s and not 1000: a rollback may be waiting for
 * it. `failures` counts those before this one.
 */
export function backoffMs(failures: number): number {
  return Math.min(BASE_MS * 2 ** Math.min(failures, 30), LONGEST_MS);
}
