import type { Clock } from "./clock.ts";

export interface FakeClock extends Clock {
  /** Moves time on, firing due timers in order, and lets promises settle after each one. */
  advance(milliseconds: number): Promise<void>;
  /** Moves time without firing anything: a process that was stopped or blocked meanwhile. */
  pause(milliseconds: number): void;
  /** Timers that have not fired. */
  pending(): number;
}

interface Timer {
  readonly due: number;
  readonly callback: () => void;
}

/** A clock that stands still until told otherwise. */
export function createFakeClock(start = new Date("2026-01-01T00:00:00Z")): FakeClock {
  let elapsed = 0;
  const timers = new Set<Timer>();

  function nextDue(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.due <= until && (next === undefined || timer.due < next.due)) next = timer;
    }
    return next;
  }

  return {
    now: () => new Date(start.getTime() + elapsed),
    monotonic: () => elapsed,
    pending: () => timers.size,
    setTimeout(callback, milliseconds) {
      const timer = { due: elapsed + Math.max(0, milliseconds), callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    pause(milliseconds) {
      elapsed += milliseconds;
    },
    async advance(milliseconds) {
      const until = elapsed + milliseconds;
      await settle();
      for (let timer = nextDue(until); timer !== undefined; timer = nextDue(until)) {
        timers.delete(timer);
        elapsed = Math.max(elapsed, timer.due);
        timer.callback();
        await settle();
      }
      elapsed = until;
    },
  };
}

/** A macrotask later every promise chain that waited for nothing else has run. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
