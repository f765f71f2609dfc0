import { type Clock, sleep } from "../runtime/clock.ts";
import { retryDelayMs } from "../runtime/retry-delay.ts";
import { CollectorError } from "./collector-error.ts";

export interface Patience {
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onFailure: (error: unknown) => void;
}

const ATTEMPTS = 10;

/**
 * Posts until the collector has it, refuses it for good, or has not answered for some minutes: rejects with the last error
 * then, and at once when `signal` is aborted. What is posted has an id that makes a second post harmless.
 */
export async function untilTaken<T>(post: () => Promise<T>, patience: Patience): Promise<T> {
  const { clock, random, signal, onFailure } = patience;
  for (let failures = 1; ; failures++) {
    try {
      return await post();
    } catch (error) {
      signal.throwIfAborted();
      onFailure(error);
      if (isPermanent(error) || failures === ATTEMPTS) throw error;
    }
    await sleep(clock, retryDelayMs(failures, random), signal);
  }
}

/**
 * Whether another attempt would meet the same refusal. Tokens are renewed and reviewed with a delay, so being told to
 * authenticate is worth another attempt.
 */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof CollectorError)) return false;
  const { status } = error;
  return status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status);
}
