import type { NewsItem } from "./store.ts";

/** Who is told of new evidence, and what the writes of the running transaction have news of. */
export interface Wakeups {
  /** Calls back after each commit with the streams that it added to; returns what ends that. */
  subscribe(listener: (news: readonly NewsItem[]) => void): () => void;
  /** Noted only; nobody is told before the commit. */
  touch(item: NewsItem): void;
  committed(): void;
}

/** Tells whether two are about the same. */
export function keyOfNews({ namespace, canary, stream }: NewsItem): string {
  return `${namespace}/${canary}/${stream}`;
}

export function createWakeups(): Wakeups {
  const listeners = new Set<(news: readonly NewsItem[]) => void>();
  const touched = new Map<string, NewsItem>();

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    touch: (item) => void touched.set(keyOfNews(item), item),
    committed() {
      const news = [...touched.values()];
      touched.clear();
      if (news.length > 0) for (const listener of [...listeners]) listener(news);
    },
  };
}
