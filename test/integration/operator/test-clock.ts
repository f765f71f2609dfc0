import { type Clock, systemClock } from "../../../src/runtime/clock.ts";

export interface TestClock extends Clock {
  /** Wall-clock time jumps ahead; timers are not touched. */
  skip(milliseconds: number): void;
}

const POLL_MS = 5_000;
const HURRY = 20;

/**
 * Real time, in which whoever wants to look again within seconds (polls, back-off) may do so twenty times sooner. Longer
 * timers are time-outs, which stay as they are: the machine is no faster.
 */
export function createTestClock(): TestClock {
  let skipped = 0;
  return {
    now: () => new Date(Date.now() + skipped),
    monotonic: systemClock.monotonic,
    setTimeout: (callback, milliseconds) =>
      systemClock.setTimeout(callback, milliseconds <= POLL_MS ? milliseconds / HURRY : milliseconds),
    skip(milliseconds) {
      skipped += milliseconds;
    },
  };
}
