/**
 * The loop of any controller: changes wake keys, workers reconcile them. What it guarantees: no reconcile before every
 * cache is filled; one at a time for a key; a failure is tried again with growing delay, a StalledError only after a change;
 * a reconcile sees its own last writes in the caches. Reconciles get a key, never an event: they must read how things are.
 */
import { type KubeObject, keyString, type ObjectKey, parseKey } from "../kube/object.ts";
import type { Reflector } from "../kube/reflector.ts";
import type { StoreEvent } from "../kube/store.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Clock } from "./clock.ts";
import { createConsistency } from "./consistency.ts";
import { StalledError } from "./errors.ts";
import type { Result } from "./result.ts";
import { createWorkQueue } from "./work-queue.ts";

/** Which keys a change wakes. */
export interface Source {
  readonly reflector: Reflector<KubeObject>;
  readonly wake: (event: StoreEvent<KubeObject>) => readonly ObjectKey[];
}

export interface ControllerSpec {
  readonly name: string;
  readonly sources: readonly Source[];
  /** The signal is aborted when the process may no longer write. */
  readonly reconcile: (key: ObjectKey, signal: AbortSignal) => Promise<Result>;
  /** Keys reconciled at the same time; default 1. */
  readonly concurrency?: number;
}

export interface Controller {
  readonly name: string;
  readonly sources: readonly Source[];
  /** Wakes a key from outside the API: a poller, an HTTP request. */
  wake(key: ObjectKey): void;
  /** Likewise, before all that wait for a worker. */
  wakeFirst(key: ObjectKey): void;
  /** Waits for the caches, then works until `stop`. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves when the reconciles under way have ended. */
  stop(): Promise<void>;
}

export interface ControllerDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

export function createController(spec: ControllerSpec, dependencies: ControllerDependencies): Controller {
  const { name, sources, concurrency = 1 } = spec;
  const { clock, metrics } = dependencies;
  const logger = dependencies.logger.child({ controller: name });
  const queue = createWorkQueue({ name, clock, metrics });
  const consistency = createConsistency([...new Set(sources.map(({ reflector }) => reflector))], clock);
  let workers: Promise<void>[] = [];

  for (const { reflector, wake } of sources) {
    reflector.subscribe((event) => {
      for (const key of wake(event)) queue.add(keyString(key));
    });
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<void> {
    const started = clock.monotonic();
    metrics.reconcile.active.inc({ controller: name });
    try {
      const result = await consistency.recording(key, async () => spec.reconcile(parseKey(key), signal));
      settle(key, result);
    } catch (error) {
      fail(key, error, signal);
    } finally {
      metrics.reconcile.active.dec({ controller: name });
      metrics.reconcile.seconds.observe({ controller: name }, (clock.monotonic() - started) / 1000);
    }
  }

  function settle(key: string, { requeueAfterMs }: Result): void {
    queue.forget(key);
    if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
    count(requeueAfterMs === undefined ? "success" : "requeue_after");
  }

  function fail(key: string, error: unknown, signal: AbortSignal): void {
    if (signal.aborted) return;
    metrics.reconcile.errors.inc({ controller: name });
    count("error");
    if (error instanceof StalledError) {
      metrics.reconcile.terminalErrors.inc({ controller: name });
      logger.warn({ key, reason: error.reason }, error.message);
      queue.forget(key);
      return;
    }
    logger.error({ key, err: error, failures: queue.failures(key) + 1 }, "reconcile failed");
    queue.addRateLimited(key);
  }

  function count(result: string): void {
    metrics.reconcile.total.inc({ controller: name, result });
  }

  async function work(signal: AbortSignal): Promise<void> {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      if (!(await consistency.caughtUp(key))) metrics.cache.staleSyncSkips.inc({ controller: name });
      if (!signal.aborted) await reconcile(key, signal);
      queue.done(key);
    }
  }

  return {
    name,
    sources,
    wake: (key) => queue.add(keyString(key)),
    wakeFirst: (key) => queue.addFirst(keyString(key)),
    async start(signal) {
      await Promise.all(sources.map(({ reflector }) => reflector.until(() => reflector.hasSynced(), signal)));
      metrics.reconcile.workers.set({ controller: name }, concurrency);
      workers = Array.from({ length: concurrency }, () => work(signal));
    },
    async stop() {
      queue.shutDown();
      await Promise.all(workers);
    },
  };
}
