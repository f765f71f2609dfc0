/**
 * A cache of one kind of object that follows the API server. What it guarantees: after quiet it equals the server's list;
 * no object goes back to an older version; each handler hears of every change after the store holds it, one at a time, in
 * order; what was missed while disconnected is heard of as additions, updates and deletions; nothing but `stop` ends it.
 */
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { ApiError, ConnectionError, isExpired, isForbidden, isNotFound } from "./errors.ts";
import { listAll, type Selection, selects } from "./list.ts";
import { type KubeObject, keyOf, keyString, type ManagedFields, type Stored } from "./object.ts";
import { decode, type Resource, resourceName } from "./resource.ts";
import { compareResourceVersions } from "./resource-version.ts";
import { createStore, type Store, type StoreEvent } from "./store.ts";
import type { Transport } from "./transport.ts";
import { watch } from "./watch.ts";

export type StoreHandler<T extends KubeObject> = (event: StoreEvent<T>) => void;

export interface Reflector<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly store: Store<T>;
  /** Whether the selection takes this object in. */
  selects(object: KubeObject): boolean;
  /** Late handlers hear of what the store holds as Added. */
  subscribe(handler: StoreHandler<T>): void;
  start(): void;
  /** Final: no request begins after it. */
  stop(): void;
  /** True once the first list was delivered to the handlers, or the kind was found to be optional and not there. */
  hasSynced(): boolean;
  /** False while the API server does not know an optional kind; the store is empty then. */
  isServed(): boolean;
  /** True while nobody lets us list an optional kind: whether there are any objects of it is not known. */
  isHidden(): boolean;
  /** False from when nobody lets us list or watch the kind any more, until somebody does: the store is as it was then. */
  isCurrent(): boolean;
  /** Resolves when the store meets the condition; rejects when the signal is aborted. */
  until(condition: (store: Store<T>) => boolean, signal: AbortSignal): Promise<void>;
}

export interface ReflectorOptions<T extends KubeObject> {
  /** `retried`, with connections that only watches use. */
  readonly transport: Transport;
  readonly resource: Resource<T>;
  readonly selection?: Selection;
  /** The API server may not know the kind, or not let us list it, now or at any time: its CRD is somebody else's. */
  readonly isOptional?: boolean;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Longer than the minute between two bookmarks. */
const SILENCE_MS = 90_000;
const FIRST_DELAY_MS = 800;
const LONGEST_DELAY_MS = 30_000;
const HEALTHY_MS = 120_000;
const VERY_SHORT_MS = 1000;

export function createReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { transport, resource, selection = {}, clock, random, metrics } = options;
  const name = resourceName(resource);
  const logger = options.logger.child({ resource: name });
  const store = createStore<T>();
  const handlers: StoreHandler<T>[] = [];
  const waiting = new Set<() => void>();
  const stopped = new AbortController();
  /** undefined: the next thing to do is a list. */
  let position: string | undefined;
  let synced = false;
  let served = true;
  let hidden = false;
  let current = true;

  function deliver(events: readonly StoreEvent<T>[], to: readonly StoreHandler<T>[] = handlers): void {
    for (const event of events) for (const handler of to) isolate(() => handler(event));
    notify();
  }

  function notify(): void {
    for (const check of [...waiting]) check();
  }

  function isolate(call: () => void): void {
    try {
      call();
    } catch (error) {
      metrics.cache.handlerErrors.inc({ resource: name });
      logger.error({ err: error }, "a handler of cache events threw");
    }
  }

  /** An object that our schema does not know how to read must not stop the others: its last known state stands. */
  function read(json: unknown): Stored<T> | undefined {
    try {
      const object = decode(resource, json);
      return lean(object, resource.keepsManagedFields);
    } catch (error) {
      const key = keyOf(json as KubeObject);
      metrics.cache.failures.inc({ resource: name, reason: "Unreadable" });
      logger.error({ err: error, object: keyString(key) }, "object does not fit its schema");
      return store.get(key);
    }
  }

  async function list(): Promise<string> {
    metrics.cache.lists.inc({ resource: name });
    const { items, resourceVersion } = await listAll(transport, resource, selection, stopped.signal, read);
    if (store.resourceVersion !== undefined && compareResourceVersions(resourceVersion, store.resourceVersion) < 0) {
      throw new StaleServerError(`list of ${name} is at ${resourceVersion}, but ${store.resourceVersion} was seen`);
    }
    deliver(store.replace(items, resourceVersion));
    synced = true;
    served = true;
    hidden = false;
    current = true;
    notify();
    return resourceVersion;
  }

  async function follow(from: string): Promise<void> {
    metrics.cache.watches.inc({ resource: name });
    const opened = clock.monotonic();
    const silence = createSilence(clock, SILENCE_MS + random() * 5000);
    let events = 0;
    try {
      const stream = watch(transport, resource, selection, {
        resourceVersion: from,
        timeoutSeconds: 300 + Math.floor(random() * 300),
        signal: AbortSignal.any([stopped.signal, silence.signal]),
        decode: read,
        onBytes: silence.broken,
      });
      for await (const event of stream) {
        events += 1;
        take(event.type, event.type === "BOOKMARK" ? event.resourceVersion : event.object);
      }
    } finally {
      silence.end();
    }
    if (events === 0 && clock.monotonic() - opened < VERY_SHORT_MS) {
      throw new ConnectionError(`watch of ${name} ended at once`, "VeryShortWatch");
    }
  }

  function take(type: string, subject: string | Stored<T>): void {
    current = true;
    if (typeof subject === "string") {
      store.advance(subject);
      position = subject;
      notify();
      return;
    }
    position = subject.metadata.resourceVersion;
    deliver(type === "DELETED" ? store.remove(subject) : store.put(subject));
  }

  /** It is looked for again and again: CRDs may come later. */
  function isMissing(error: unknown): boolean {
    // Who was never allowed to list it does without as well; one that may not any more keeps what it knows.
    const isKept = isForbidden(error) && synced && served;
    if (isKept) current = false;
    if (!options.isOptional || isKept || !(isNotFound(error) || isForbidden(error))) return false;
    if (served) logger.info(`doing without ${name}: it is not served, or may not be listed (${messageOf(error)})`);
    served = false;
    hidden = isForbidden(error);
    synced = true;
    position = undefined;
    deliver(store.replace([], store.resourceVersion ?? "0"));
    return true;
  }

  async function run(): Promise<void> {
    const backoff = createBackoff(clock, random);
    while (!stopped.signal.aborted) {
      try {
        position ??= await list();
        await follow(position);
      } catch (error) {
        if (stopped.signal.aborted) return;
        if (isExpired(error) || error instanceof SilentServerError) position = undefined;
        const delay = backoff();
        if (!isMissing(error)) {
          metrics.cache.failures.inc({ resource: name, reason: reasonOf(error) });
          logger.warn({ err: error, delayMs: Math.round(delay) }, "watch broke off");
        }
        await sleep(clock, delay, stopped.signal).catch(() => {});
      }
    }
  }

  return {
    resource,
    store,
    selects: (object) => selects(selection, object),
    subscribe(handler) {
      handlers.push(handler);
      deliver(
        store.list().map((object) => ({ type: "Added", object })),
        [handler],
      );
    },
    start: () => void run(),
    stop: () => stopped.abort(),
    hasSynced: () => synced,
    isServed: () => served,
    isHidden: () => hidden,
    isCurrent: () => current,
    until: (condition, signal) => until(() => condition(store), waiting, signal),
  };
}

/** A server that answers from the past, or whose history was rewound by a restored backup. */
class StaleServerError extends Error {
  override readonly name = "StaleServerError";
}

/** The connection is dead, or the server does not know the version we follow from. A list tells. */
class SilentServerError extends Error {
  override readonly name = "SilentServerError";
}

function createSilence(clock: Clock, limitMs: number) {
  const controller = new AbortController();
  const abort = () => controller.abort(new SilentServerError(`not a byte in ${Math.round(limitMs)} ms`));
  let cancel = clock.setTimeout(abort, limitMs);
  return {
    signal: controller.signal,
    broken() {
      cancel();
      cancel = clock.setTimeout(abort, limitMs);
    },
    end: () => cancel(),
  };
}

/** 0.8 s, doubled up to 30 s, each plus up to as much again; from the start after two minutes without a failure. */
function createBackoff(clock: Clock, random: () => number): () => number {
  let failures = 0;
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const pause = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS);
    if (clock.monotonic() - last > HEALTHY_MS + 2 * pause) failures = 0;
    last = clock.monotonic();
    const delay = Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS);
    failures += 1;
    return delay * (1 + random());
  };
}

function until(condition: () => boolean, waiting: Set<() => void>, signal: AbortSignal): Promise<void> {
  if (condition()) return Promise.resolve();
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const check = () => condition() && finish(resolve);
    const abort = () => finish(() => reject(signal.reason));
    function finish(settle: () => void): void {
      waiting.delete(check);
      signal.removeEventListener("abort", abort);
      settle();
    }
    waiting.add(check);
    signal.addEventListener("abort", abort, { once: true });
  });
}

/** What the API server keeps of every field that somebody has written is as long as the object itself. */
function lean<T extends KubeObject>(object: Stored<T>, keepsManagedFields = false): Stored<T> {
  const { managedFields, ...metadata } = object.metadata;
  if (!keepsManagedFields || managedFields === undefined) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, managedFields: managedFields.map(topLevel) } };
}

function topLevel({ fieldsV1 = {}, ...entry }: ManagedFields): ManagedFields {
  return { ...entry, fieldsV1: Object.fromEntries(Object.keys(fieldsV1).map((member) => [member, {}])) };
}

function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return error.reason;
  if (error instanceof ConnectionError) return error.code;
  return error instanceof Error ? error.name : "Unknown";
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.trim() : String(error);
}
