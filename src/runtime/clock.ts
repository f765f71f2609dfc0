/** Time as a dependency: everything that waits or measures takes a Clock, so that tests decide what time it is. */
export interface Clock {
  /** Wall-clock time, for what people and the API server read. It may jump. */
  now(): Date;
  /** Milliseconds since an arbitrary start; never goes back. For time-outs and leases. */
  monotonic(): number;
  /** Calls back once, never earlier than `milliseconds` from now on the monotonic clock; returns what cancels it. */
  setTimeout(callback: () => void, milliseconds: number): () => void;
}

/** Node fires a longer timer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
  setTimeout(callback, milliseconds) {
    const due = performance.now() + milliseconds;
    let timer: NodeJS.Timeout;
    // Node rounds to whole milliseconds and may fire one early, hence the second look.
    function arm(): void {
      const remaining = due - performance.now();
      timer = setTimeout(
        () => (performance.now() >= due ? callback() : arm()),
        Math.min(Math.max(0, remaining), LONGEST_TIMER_MS),
      );
    }
    arm();
    return () => clearTimeout(timer);
  },
};

/** Resolves after `milliseconds`; rejects with the signal's reason as soon as it is aborted. */
export function sleep(clock: Clock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const onAbort = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** Runs `work` with a signal that is aborted after `milliseconds`, or with the given one. */
export async function withDeadline<T>(
  clock: Clock,
  milliseconds: number,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = new AbortController();
  const cancel = clock.setTimeout(() => deadline.abort(new Error(`not done in ${milliseconds} ms`)), milliseconds);
  try {
    return await work(signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal]));
  } finally {
    cancel();
  }
}
