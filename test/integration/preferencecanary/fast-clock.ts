import { type Clock, systemClock } from "../../../src/runtime/clock.ts";

/** Longer timers are time-outs, which stay as they are: the machine is no faster. */
const LONGEST_MS = 30_000;

/**
 * A clock that runs `speed` times as fast, so that what takes seconds by design takes a moment. Whole seconds of real
 * writes would be nothing to it: what must not be shortened is not measured by it.
 */
export function createFastClock(speed: number): Clock {
  const start = { now: Date.now(), monotonic: performance.now() };
  const elapsed = () => (performance.now() - start.monotonic) * speed;
  return {
    now: () => new Date(start.now + elapsed()),
    monotonic: () => elapsed(),
    setTimeout: (callback, milliseconds) =>
      systemClock.setTimeout(callback, milliseconds <= LONGEST_MS ? milliseconds / speed : milliseconds),
  };
}
