import type { CanaryKey } from "./store.ts";

/** Who is told of new evidence, and what the writes of the running transaction have news of. */
export interface Wakeups {
  /** Calls back after each commit with the canaries that it added to; returns what ends that. */
  subscribe(listener: (canaries: readonly CanaryKey[]) => void): () => void;
  /** Noted only; nobody is told before the commit. */
  touch(key: CanaryKey): void;
  committed(): void;
}

export function createWakeups(): Wakeups {
  const listeners = new Set<(canaries: readonly CanaryKey[]) => void>();
  const touched = new Map<string, CanaryKey>();

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    touch({ namespace, canary }) {
      touched.set(`${namespace}/${canary}`, { namespace, canary });
    },
    committed() {
      const canaries = [...touched.values()];
      touched.clear();
      if (canaries.length > 0) for (const listener of [...listeners]) listener(canaries);
    },
  };
}
