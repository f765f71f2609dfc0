import type { CanaryKey } from "./store.ts";

/** Who waits for news of which canary, and what the writes of the running transaction have news of. */
export interface Wakeups {
  subscribe(key: CanaryKey, listener: () => void): () => void;
  /** Noted only; nobody is woken before the commit. */
  touch(key: CanaryKey): void;
  committed(): void;
}

export function createWakeups(): Wakeups {
  const listeners = new Map<string, Set<() => void>>();
  const touched = new Set<string>();
  const topicOf = ({ namespace, canary }: CanaryKey) => `${namespace}/${canary}`;

  return {
    subscribe(key, listener) {
      const topic = topicOf(key);
      const set = listeners.get(topic) ?? new Set();
      listeners.set(topic, set.add(listener));
      return () => {
        set.delete(listener);
        if (set.size === 0 && listeners.get(topic) === set) listeners.delete(topic);
      };
    },
    touch(key) {
      touched.add(topicOf(key));
    },
    committed() {
      const topics = [...touched];
      touched.clear();
      for (const topic of topics) for (const listener of [...(listeners.get(topic) ?? [])]) listener();
    },
  };
}
