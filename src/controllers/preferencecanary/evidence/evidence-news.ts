import type { News } from "../../../api/contracts/collector-api.ts";
import type { CollectorClient } from "../../../evidence/collector-client.ts";
import { type Clock, sleep } from "../../../runtime/clock.ts";
import type { Logger } from "../../../telemetry/logger.ts";

/** Opening: never heard anything yet. Lost: until it is open again something may be new that nobody tells of. */
export type Connection =
  | { readonly type: "Opening" }
  | { readonly type: "Open" }
  | { readonly type: "Lost"; readonly problem: string };

/** The collector's news, over connections that are opened again whenever one breaks. */
export interface NewsListener {
  /** Does nothing from the second time on. */
  start(): void;
  current(): Connection;
  stop(): void;
}

export interface NewsListenerOptions {
  readonly collector: Pick<CollectorClient, "news">;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It is another one now. When it is open anything may be new. */
  readonly connection: (now: Connection) => void;
  readonly told: (news: News) => void;
}

const RETRY_MS = 2_000;

export function createNewsListener(options: NewsListenerOptions): NewsListener {
  const { collector, clock, logger, connection, told } = options;
  const stopping = new AbortController();
  let current: Connection = { type: "Opening" };
  let isStarted = false;

  async function listen(signal: AbortSignal): Promise<void> {
    for await (const news of collector.news(signal)) {
      if (current.type === "Open") told(news);
      else become({ type: "Open" });
    }
    throw new Error("the collector has ended its stream of news");
  }

  function become(now: Connection): void {
    current = now;
    connection(now);
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await listen(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (current.type !== "Lost") logger.warn({ err: error }, "the collector cannot be heard; trying again");
        become({ type: "Lost", problem: error instanceof Error ? error.message : String(error) });
        await sleep(clock, RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  return {
    start() {
      if (isStarted) return;
      isStarted = true;
      void run(stopping.signal);
    },
    current: () => current,
    stop: () => stopping.abort(),
  };
}
