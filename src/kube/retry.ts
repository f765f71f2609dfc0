import { type Clock, sleep } from "../runtime/clock.ts";
import { ApiError, ConnectionError } from "./errors.ts";
import type { ApiRequest, Transport } from "./transport.ts";

const TRIES = 10;
const BUDGET_MS = 30_000;
const RESET_DELAY_MS = 1000;
const RESET = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/**
 * As client-go: waits and tries again when the server says when (429 or 5xx with Retry-After), whatever the verb, a watch too; a reset
 * connection only for reads, since a write may have taken effect. Gives up after 10 tries or 30 s: work queues go on.
 */
export function retried(transport: Transport, clock: Clock): Transport {
  async function tried<R>(request: ApiRequest, call: (request: ApiRequest) => Promise<R>): Promise<R> {
    const start = clock.monotonic();
    for (let tries = 1; ; tries += 1) {
      try {
        return await call(request);
      } catch (error) {
        const delay = retryDelayMs(request, error);
        if (delay === undefined || tries === TRIES || clock.monotonic() - start + delay > BUDGET_MS) throw error;
        await sleep(clock, delay, request.signal);
      }
    }
  }
  return {
    ...transport,
    send: (request) => tried(request, transport.send),
    stream: (request) => tried(request, transport.stream),
  };
}

function retryDelayMs(request: ApiRequest, error: unknown): number | undefined {
  if (error instanceof ApiError && (error.status === 429 || error.status >= 500)) return error.retryAfterMs;
  if (error instanceof ConnectionError && request.method === "GET" && RESET.has(error.code)) return RESET_DELAY_MS;
  return undefined;
}
