import type { Clock } from "../../runtime/clock.ts";

/**
 * The writes that take traffic back from candidates, of all canaries. While there are some under way everything else can
 * wait: whatever else is written then makes an API server that is busy later for them.
 */
export interface Rollbacks {
  /** Makes the write, which is under way until it has ended. */
  during<Result>(write: () => Promise<Result>): Promise<Result>;
  /** Not for long, however many there are and whatever holds them up: the other canaries have to go on. */
  areUnderWay(): boolean;
}

/** Fifty at once have taken over three seconds on an API server with a core to itself. */
const LONGEST_MS = 5_000;

export function createRollbacks(clock: Clock): Rollbacks {
  let count = 0;
  let since = 0;

  return {
    async during(write) {
      if (count === 0) since = clock.monotonic();
      count += 1;
      try {
        return await write();
      } finally {
        count -= 1;
      }
    },
    areUnderWay: () => count > 0 && clock.monotonic() - since < LONGEST_MS,
  };
}
