import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { keyOf, keyString, type ObjectKey, type Stored } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import { covers } from "../../runtime/covers.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { preferenceCanaries } from "../resources.ts";
import type { Facts } from "./facts.ts";
import { announcements } from "./standing/announcements.ts";
import { status, urgency } from "./status.ts";
import { createStatusTurns } from "./status-turns.ts";

/** Writes status when it says something new, and tells the Events that it is worth. */
export interface StatusWriter {
  /**
   * At once when something has happened to the run. What else is new waits for its turn, which wakes its canary; numbers
   * wait for their time as well, which the result names.
   */
  write(canary: Stored<PreferenceCanary>, facts: Facts, signal: AbortSignal): Promise<Result>;
  /** A pass that was woken for its turn has ended without a status, as after a conflict: the next one's it is. */
  passOn(): void;
  forget(canary: ObjectKey): void;
}

export interface StatusWriterOptions {
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly wake: (canary: ObjectKey) => void;
}

/** Between two writes of an object's numbers: each one is a write of etcd and an event for everyone who watches. */
const EVERY_MS = 10_000;

export function createStatusWriter({ client, events, clock, wake }: StatusWriterOptions): StatusWriter {
  const writtenAt = new Map<string, number>();
  const turns = createStatusTurns({ clock, wake });

  /** Milliseconds until it is time for the numbers of a canary. */
  function dueMs(key: string): number {
    return Math.max(0, (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + EVERY_MS - clock.monotonic());
  }

  return {
    async write(canary, facts, signal) {
      const before = canary.status;
      const after = status(facts, clock.now());
      const key = keyOf(canary);
      const isSame = covers(before, after) && covers(after, before);
      const how = urgency(before, after);
      const waitMs = how === "InTurn" && !isSame ? dueMs(keyString(key)) : 0;
      if (isSame || waitMs > 0) {
        turns.leave(key);
        return isSame ? done : requeueAfter(waitMs);
      }
      if (!turns.begin(key, how)) return done;
      const { name, namespace, uid } = canary.metadata;
      try {
        await client.applyStatus(preferenceCanaries, { metadata: { name, namespace, uid }, status: after }, signal);
      } finally {
        turns.end();
      }
      writtenAt.set(keyString(key), clock.monotonic());
      for (const note of announcements(before, after)) events.record(canary, note);
      return done;
    },
    passOn: turns.passOn,
    forget(canary) {
      writtenAt.delete(keyString(canary));
      turns.leave(canary);
    },
  };
}
