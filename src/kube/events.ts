/**
 * Kubernetes Events, for `kubectl describe`. What it guarantees: recording never throws, never waits and never fails a
 * reconcile; the same event within six minutes is counted in one series; a full queue drops, an object that says too much
 * is cut short.
 */
import type { Clock } from "../runtime/clock.ts";
import { createWorkQueue } from "../runtime/work-queue.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Client } from "./client.ts";
import { isAlreadyExists, isForbidden, isInvalid, isNotFound } from "./errors.ts";
import { microTime } from "./micro-time.ts";
import type { Stored } from "./object.ts";
import { events } from "./resource.ts";

export interface EventNote {
  readonly type: "Normal" | "Warning";
  /** CamelCase, one a situation. */
  readonly reason: string;
  /** CamelCase: what the controller did or tried. */
  readonly action: string;
  /** A sentence, cut at 1 kB. */
  readonly note: string;
}

export interface EventRecorder {
  record(regarding: Stored, event: EventNote): void;
  /** Nothing is sent after it. */
  stop(): void;
}

export interface EventRecorderOptions {
  readonly client: Client;
  /** Which program says it, e.g. dpo.dev/manager. */
  readonly controller: string;
  /** Which process of it. */
  readonly instance: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** One event, or a series of the same one. It outlives the version of the object that it was told of, so it keeps none. */
interface Series {
  readonly regarding: Regarding;
  readonly event: EventNote;
  readonly firstAt: Date;
  lastAt: Date;
  lastMonotonic: number;
  count: number;
  /** Of the event that holds the series. */
  readonly name: string;
  stored: boolean;
}

const SERIES_GAP_MS = 6 * 60_000;
const SERIES_UPDATE_MS = 10_000;
const CAPACITY = 1000;
const TRIES = 12;
const BURST = 25;
const REFILL_MS = 300_000;
const NOTE_BYTES = 1024;

export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, clock, metrics } = options;
  const queue = createWorkQueue({ name: "events", clock, metrics });
  const series = new Map<string, Series>();
  const allowance = createAllowance(clock);
  let sequence = 0n;

  function record(regarding: Stored, event: EventNote): void {
    const key = [regarding.metadata.uid, event.type, event.reason, event.action, event.note].join("\n");
    const known = series.get(key);
    if (known !== undefined && clock.monotonic() - known.lastMonotonic < SERIES_GAP_MS) {
      known.count += 1;
      known.lastAt = clock.now();
      known.lastMonotonic = clock.monotonic();
      queue.addAfter(key, SERIES_UPDATE_MS);
      return;
    }
    forgetOld();
    if (series.size >= CAPACITY || !allowance(regarding.metadata.uid)) {
      metrics.events.inc({ outcome: "dropped" });
      return;
    }
    const now = { firstAt: clock.now(), lastAt: clock.now(), lastMonotonic: clock.monotonic() };
    sequence += 1n;
    series.set(key, {
      regarding: referenceTo(regarding),
      event,
      ...now,
      count: 1,
      name: eventName(regarding, now.firstAt, sequence),
      stored: false,
    });
    queue.add(key);
  }

  function forgetOld(): void {
    if (series.size < CAPACITY) return;
    for (const [key, { lastMonotonic }] of series) {
      if (clock.monotonic() - lastMonotonic >= SERIES_GAP_MS) series.delete(key);
    }
  }

  async function send(entry: Series): Promise<void> {
    const namespace = entry.regarding.namespace ?? "default";
    if (!entry.stored) {
      await client.create(events, newEvent(options, entry, namespace)).catch(passIfThere);
      entry.stored = true;
    } else {
      const body = { series: { count: entry.count, lastObservedTime: microTime(entry.lastAt) } };
      await client.patch(events, { namespace, name: entry.name }, { type: "merge", body });
    }
  }

  async function drain(): Promise<void> {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      const entry = series.get(key);
      if (entry !== undefined) await deliver(key, entry);
      queue.done(key);
    }
  }

  async function deliver(key: string, entry: Series): Promise<void> {
    try {
      await send(entry);
      queue.forget(key);
      metrics.events.inc({ outcome: "sent" });
    } catch (error) {
      const hopeless = isInvalid(error) || isForbidden(error) || isNotFound(error);
      if (!hopeless && queue.failures(key) < TRIES - 1) {
        queue.addRateLimited(key);
        return;
      }
      options.logger.warn({ err: error, reason: entry.event.reason }, "event was not recorded");
      metrics.events.inc({ outcome: "failed" });
      queue.forget(key);
      series.delete(key);
    }
  }

  void drain();
  return { record, stop: () => queue.shutDown() };
}

/** An earlier try took effect although its answer was lost. */
function passIfThere(error: unknown): void {
  if (!isAlreadyExists(error)) throw error;
}

interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly uid: string;
}

function referenceTo({ apiVersion, kind, metadata: { namespace, name, uid } }: Stored): Regarding {
  return { apiVersion, kind, namespace, name, uid };
}

/** As client-go names them, time in hexadecimal; the sequence tells two of one millisecond apart. */
function eventName({ metadata }: Stored, time: Date, sequence: bigint): string {
  return `${metadata.name.slice(0, 230)}.${(BigInt(time.getTime()) * 1_000_000n + sequence).toString(16)}`;
}

function newEvent({ controller, instance }: EventRecorderOptions, entry: Series, namespace: string) {
  return {
    metadata: { namespace, name: entry.name },
    eventTime: microTime(entry.firstAt),
    reportingController: controller,
    reportingInstance: instance.slice(0, 128),
    ...entry.event,
    note: cut(entry.event.note),
    regarding: entry.regarding,
  };
}

/** The server counts bytes. A character that was cut in two is left out. */
function cut(note: string): string {
  const bytes = Buffer.from(note);
  return bytes.length <= NOTE_BYTES ? note : bytes.toString("utf8", 0, NOTE_BYTES - 3).replace(/\uFFFD$/, "");
}

/** 25 events of an object at once, one more every five minutes. */
function createAllowance(clock: Clock): (uid: string) => boolean {
  const spent = new Map<string, { tokens: number; at: number }>();
  return (uid) => {
    const now = clock.monotonic();
    const { tokens, at } = spent.get(uid) ?? { tokens: BURST, at: now };
    const filled = Math.min(BURST, tokens + (now - at) / REFILL_MS);
    spent.delete(uid);
    if (spent.size >= CAPACITY) spent.delete(spent.keys().next().value ?? uid);
    spent.set(uid, { tokens: filled < 1 ? filled : filled - 1, at: now });
    return filled >= 1;
  };
}
