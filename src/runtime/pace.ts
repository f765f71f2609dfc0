import type { Clock } from "./clock.ts";

/** Keeps what may wait from taking the place of what may not: so many a second, after a burst of one second's worth. */
export interface Pace {
  /** Milliseconds until the next turn that nobody has; 0: now. */
  freeInMs(): number;
  /** Takes the next turn and says in how many milliseconds it is. Who does not wait for it takes it all the same. */
  take(): number;
}

export function createPace(clock: Clock, perSecond: number): Pace {
  const gapMs = 1000 / perSecond;
  const burstMs = 1000 - gapMs;
  /** When the next turn would be, had there been no burst. */
  let next = Number.NEGATIVE_INFINITY;
  const freeInMs = () => Math.max(0, next - burstMs - clock.monotonic());
  return {
    freeInMs,
    take() {
      const inMs = freeInMs();
      next = Math.max(next, clock.monotonic()) + gapMs;
      return inMs;
    },
  };
}
