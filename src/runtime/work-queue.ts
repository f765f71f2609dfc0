/**
 * A queue of keys, as client-go's. What it guarantees: a key added any number of times before it is handed out is handed
 * out once; never to two workers at once; one added while a worker has it is handed out again after `done`; a delayed one
 * never comes early; first ready, first out, but for those that were added to be first.
 */
import type { Metrics } from "../telemetry/metrics.ts";
import type { Clock } from "./clock.ts";
import { backoffMs } from "./rate-limiter.ts";

export interface WorkQueue {
  add(key: string): void;
  /** Before all that were only added. */
  addFirst(key: string): void;
  /** No earlier than in `milliseconds`; the earliest of several wishes counts. */
  addAfter(key: string, milliseconds: number): void;
  /** After the back-off of this key, which grows with each call until `forget`. */
  addRateLimited(key: string): void;
  /** The key's next failure is its first again. */
  forget(key: string): void;
  failures(key: string): number;
  /** The next key, when there is one; undefined after shutDown. Every key taken must be given back by `done`. */
  get(): Promise<string | undefined>;
  done(key: string): void;
  /** Final: getters are released, additions ignored. */
  shutDown(): void;
  /** Keys ready to be handed out. */
  depth(): number;
}

export interface WorkQueueOptions {
  /** For metrics. */
  readonly name: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

interface Delayed {
  readonly due: number;
  readonly cancel: () => void;
}

export function createWorkQueue({ name, clock, metrics }: WorkQueueOptions): WorkQueue {
  /** Ready keys in order, with the time they became so: those that go first, and the others. */
  const first = new Map<string, number>();
  const ready = new Map<string, number>();
  const delayed = new Map<string, Delayed>();
  /** Keys that a worker has, with the time it took them. */
  const processing = new Map<string, number>();
  /** Keys added while a worker has them, and the line that they are for. */
  const again = new Map<string, typeof ready>();
  const failures = new Map<string, number>();
  const getters: ((key: string | undefined) => void)[] = [];
  let down = false;

  function addTo(line: typeof ready, key: string): void {
    if (down) return;
    delayed.get(key)?.cancel();
    delayed.delete(key);
    if (isReady(key) || again.has(key)) {
      if (line === first) moveToFirst(key);
      return;
    }
    metrics.queue.adds.inc({ name });
    if (processing.has(key)) again.set(key, line);
    else makeReady(line, key);
  }

  function isReady(key: string): boolean {
    return first.has(key) || ready.has(key);
  }

  function moveToFirst(key: string): void {
    if (again.has(key)) again.set(key, first);
    const since = ready.get(key);
    if (since !== undefined) first.set(key, since);
    ready.delete(key);
  }

  function makeReady(line: typeof ready, key: string): void {
    line.set(key, clock.monotonic());
    const getter = getters.shift();
    if (getter !== undefined) getter(take());
    metrics.queue.depth.set({ name }, depth());
  }

  function take(): string | undefined {
    for (const line of [first, ready]) {
      for (const [key, since] of line) {
        line.delete(key);
        const now = clock.monotonic();
        processing.set(key, now);
        metrics.queue.wait.observe({ name }, (now - since) / 1000);
        metrics.queue.depth.set({ name }, depth());
        return key;
      }
    }
    return undefined;
  }

  function depth(): number {
    return first.size + ready.size;
  }

  function addAfter(key: string, milliseconds: number): void {
    if (milliseconds <= 0) {
      addTo(ready, key);
      return;
    }
    const due = clock.monotonic() + milliseconds;
    const earlier = delayed.get(key);
    if (down || isReady(key) || again.has(key) || (earlier !== undefined && earlier.due <= due)) return;
    earlier?.cancel();
    delayed.set(key, { due, cancel: clock.setTimeout(() => addTo(ready, key), milliseconds) });
  }

  return {
    add: (key) => addTo(ready, key),
    addFirst: (key) => addTo(first, key),
    addAfter,
    addRateLimited(key) {
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      metrics.queue.retries.inc({ name });
      addAfter(key, backoffMs(before));
    },
    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,
    get() {
      if (down) return Promise.resolve(undefined);
      const key = take();
      return key === undefined ? new Promise((resolve) => getters.push(resolve)) : Promise.resolve(key);
    },
    done(key) {
      const since = processing.get(key);
      if (since === undefined) return;
      processing.delete(key);
      metrics.queue.work.observe({ name }, (clock.monotonic() - since) / 1000);
      const line = again.get(key);
      again.delete(key);
      if (line !== undefined) makeReady(line, key);
    },
    shutDown() {
      down = true;
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      first.clear();
      ready.clear();
      again.clear();
      for (const getter of getters.splice(0)) getter(undefined);
    },
    depth,
  };
}
