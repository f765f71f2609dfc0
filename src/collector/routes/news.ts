import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { NEWS_SECONDS, type News } from "../../api/contracts/collector-api.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { CanaryKey, CollectorStore } from "../store.ts";
import { hangUp, type RouteContext } from "./route-context.ts";

export function newsRoutes(app: FastifyInstance, { store, clock, closing }: RouteContext): void {
  app.get("/news", (_request, reply) => {
    const signal = AbortSignal.any([closing, hangUp(reply)]);
    // A server that closes would wait for what keeps a connection that has served its purpose.
    return reply
      .header("connection", "close")
      .type("application/x-ndjson")
      .send(Readable.from(newsOf(store, clock, signal)));
  });
}

/** However slowly it is read, a canary waits in it once. */
async function* newsOf(
  store: Pick<CollectorStore, "subscribe">,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const waiting = new Map<string, CanaryKey>();
  let wake: () => void = () => undefined;
  const unsubscribe = store.subscribe((canaries) => {
    for (const key of canaries) waiting.set(`${key.namespace}/${key.canary}`, key);
    wake();
  });
  signal.addEventListener("abort", () => wake(), { once: true });
  try {
    while (!signal.aborted) {
      const canaries = [...waiting.values()];
      waiting.clear();
      yield `${JSON.stringify({ canaries } satisfies News)}\n`;
      if (waiting.size > 0 || signal.aborted) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      const cancel = clock.setTimeout(resolve, NEWS_SECONDS * 1_000);
      await promise;
      cancel();
    }
  } finally {
    unsubscribe();
  }
}
