import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { NEWS_SECONDS, type News } from "../../api/contracts/collector-api.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { CollectorStore, NewsItem } from "../store.ts";
import { keyOfNews } from "../wakeups.ts";
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

/** However slowly it is read, each stream of a canary waits in it once. */
async function* newsOf(
  store: Pick<CollectorStore, "subscribe">,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const waiting = new Map<string, NewsItem>();
  let wake: () => void = () => undefined;
  const unsubscribe = store.subscribe((news) => {
    for (const item of news) waiting.set(keyOfNews(item), item);
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
