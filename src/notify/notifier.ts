/**
 * Tells people's systems what Kubernetes Events tell `kubectl describe`. What it guarantees: telling never throws, never
 * waits and never fails a reconcile; each target is told in order, and tried again for some minutes; the same thing is not
 * told twice in six minutes; a target that is away for longer loses what is oldest, and the log says so.
 */
import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { EventNote } from "../kube/events.ts";
import type { Stored } from "../kube/object.ts";
import { type Clock, sleep, withDeadline } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { formats, type Notice } from "./formats.ts";

/** Where to send what. The URL may hold a secret and is never logged: the name stands for it. */
export const NotificationTarget = z.strictObject({
  name: z.string().min(1),
  url: z.url({ protocol: /^https?$/ }),
  format: z.enum(["CloudEvents", "Slack"]).default("CloudEvents"),
  /** Warning: only what somebody may have to act on. */
  severity: z.enum(["All", "Warning"]).default("All"),
});
export type NotificationTarget = z.infer<typeof NotificationTarget>;

export interface Notifier {
  notify(regarding: Stored, event: EventNote): void;
  /** Nothing is sent after it. */
  stop(): void;
}

export interface NotifierOptions {
  readonly targets: readonly NotificationTarget[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

const REPEAT_MS = 6 * 60_000;
const CAPACITY = 1000;
const TIMEOUT_MS = 10_000;
/** Between attempts; after the last one it is given up. */
const PAUSES_MS = [1_000, 5_000, 15_000, 60_000, 120_000];

export function createNotifier({ targets, ...options }: NotifierOptions): Notifier {
  const { clock } = options;
  const told = new Map<string, number>();
  const stopping = new AbortController();
  const senders = targets.map((target) => createSender(target, options, stopping.signal));

  function isRepeated(key: string): boolean {
    const now = clock.monotonic();
    for (const [known, at] of told) if (now - at >= REPEAT_MS) told.delete(known);
    const isKnown = told.has(key);
    if (!isKnown) told.set(key, now);
    return isKnown;
  }

  return {
    notify(regarding, event) {
      if (senders.length === 0 || stopping.signal.aborted) return;
      if (isRepeated([regarding.metadata.uid, event.reason, event.note].join("\n"))) return;
      const notice = { id: randomUUID(), at: clock.now(), regarding, event };
      for (const sender of senders) sender.add(notice);
    },
    stop: () => stopping.abort(new Error("the notifier was stopped")),
  };
}

function createSender(
  { name, url, format, severity }: NotificationTarget,
  { clock, logger, metrics }: Omit<NotifierOptions, "targets">,
  stopping: AbortSignal,
) {
  const waiting: Notice[] = [];
  let isSending = false;

  async function post(notice: Notice): Promise<void> {
    const { contentType, text } = formats[format](notice);
    const headers = { "content-type": contentType };
    const response = await withDeadline(
      clock,
      TIMEOUT_MS,
      (signal) => fetch(url, { method: "POST", headers, body: text, redirect: "error", signal }),
      stopping,
    );
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered ${response.status}`);
  }

  async function deliver(notice: Notice): Promise<void> {
    for (const pause of [...PAUSES_MS, undefined]) {
      try {
        await post(notice);
        metrics.notifications.inc({ target: name, outcome: "sent" });
        return;
      } catch (error) {
        if (stopping.aborted) return;
        if (pause === undefined) return lost(notice, error instanceof Error ? error.message : String(error));
        await sleep(clock, pause, stopping).catch(() => undefined);
      }
    }
  }

  function lost({ event, regarding }: Notice, why: string): void {
    metrics.notifications.inc({ target: name, outcome: "lost" });
    const { namespace, name: object } = regarding.metadata;
    logger.warn({ target: name, namespace, object, reason: event.reason, why }, "a notification was not delivered");
  }

  async function send(): Promise<void> {
    isSending = true;
    for (let next = waiting.shift(); next !== undefined && !stopping.aborted; next = waiting.shift())
      await deliver(next);
    isSending = false;
  }

  return {
    add(notice: Notice): void {
      if (severity === "Warning" && notice.event.type !== "Warning") return;
      waiting.push(notice);
      const oldest = waiting.length > CAPACITY ? waiting.shift() : undefined;
      if (oldest !== undefined) lost(oldest, `${CAPACITY} others wait for it`);
      if (!isSending) void send();
    },
  };
}
