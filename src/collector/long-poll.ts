import type { Clock } from "../runtime/clock.ts";

export interface LongPoll<Page> {
  read: () => Promise<Page>;
  /** Calls back when a read may give more than the last one. */
  subscribe: (listener: () => void) => () => void;
  clock: Clock;
  milliseconds: number;
  /** The caller went away, or the server is closing: whatever there is, is the answer. */
  signals: readonly AbortSignal[];
}

/** The first page with a record in it, or the empty one that there is when the time is over. */
export async function longPoll<Page extends { records: readonly unknown[] }>(poll: LongPoll<Page>): Promise<Page> {
  const deadline = poll.clock.monotonic() + poll.milliseconds;
  for (;;) {
    const over = poll.clock.monotonic() >= deadline || poll.signals.some((signal) => signal.aborted);
    if (over) return poll.read();
    // Listening starts before the read: what is committed in between wakes all the same.
    const news = listen(poll, deadline);
    try {
      const page = await poll.read();
      if (page.records.length > 0) return page;
      await news.arrived;
    } finally {
      news.stop();
    }
  }
}

function listen({ subscribe, clock, signals }: LongPoll<unknown>, deadline: number) {
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const unsubscribe = subscribe(wake);
  const cancelTimer = clock.setTimeout(wake, Math.max(0, deadline - clock.monotonic()));
  for (const signal of signals) signal.addEventListener("abort", wake, { once: true });
  return {
    arrived,
    stop() {
      unsubscribe();
      cancelTimer();
      for (const signal of signals) signal.removeEventListener("abort", wake);
    },
  };
}
