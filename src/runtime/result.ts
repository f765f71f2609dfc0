/** What a reconcile returns: nothing more to do until something changes, or look again after a while. */
export interface Result {
  /** Milliseconds; absent means: wait for a change. */
  readonly requeueAfterMs?: number;
}

export const done: Result = {};

export function requeueAfter(milliseconds: number): Result {
  return { requeueAfterMs: Math.max(0, milliseconds) };
}
