/** What a reconcile returns: nothing more to do until something changes, or look again after a while. */
export interface Result {
  /** Milliseconds; absent means: wait for a change. */
  readonly requeueAfterMs?: number;
}

export const done: Result = {};

export function requeueAfter(milliseconds: number): Result {
  return { requeueAfterMs: Math.max(0, milliseconds) };
}

/** The earliest wish of several; `done` wishes nothing. */
export function earliest(...results: readonly Result[]): Result {
  const wishes = results.flatMap((result) => result.requeueAfterMs ?? []);
  return wishes.length === 0 ? done : { requeueAfterMs: Math.min(...wishes) };
}
