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

/** Writes status when it says something new, and tells the Events that it is worth. */
export interface StatusWriter {
  /**
   * At once when something has happened to the run. What else is new waits while others are written, and wakes its canary
   * when its turn comes; numbers wait for their time as well, which the result names.
   */
  write(canary: Stored<PreferenceCanary>, facts: Facts, signal: AbortSignal): Promise<Result>;
  /** A pass that was woken for its turn has ended without a status, as after a conflict: the next one's it is. */
  skip(): void;
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
/** Of all canaries. Every write holds a worker for as long as the API server takes, and a rollback needs one that is free. */
export const AT_ONCE = 4;

export function createStatusWriter({ client, events, clock, wake }: StatusWriterOptions): StatusWriter {
  const writtenAt = new Map<string, number>();
  const verdicts = new Map<string, ObjectKey>();
  const numbers = new Map<string, ObjectKey>();
  let writing = 0;

  function stopWaiting(key: string): void {
    verdicts.delete(key);
    numbers.delete(key);
  }

  /** A turn that is free is the next one's, also where the one before had nothing to write any more. */
  function passOn(): void {
    const [next] = writing < AT_ONCE ? [...verdicts.values(), ...numbers.values()] : [];
    if (next === undefined) return;
    stopWaiting(keyString(next));
    wake(next);
  }

  /** Milliseconds until it is time for the numbers of a canary. */
  function dueMs(key: string): number {
    return (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + EVERY_MS - clock.monotonic();
  }

  return {
    async write(canary, facts, signal) {
      const before = canary.status;
      const after = status(facts, clock.now());
      const key = keyString(keyOf(canary));
      stopWaiting(key);
      if (covers(before, after) && covers(after, before)) {
        passOn();
        return done;
      }
      const how = urgency(before, after);
      if (how === "InTurn" && dueMs(key) > 0) {
        passOn();
        return requeueAfter(dueMs(key));
      }
      if (how !== "Now" && writing >= AT_ONCE) {
        (how === "Soon" ? verdicts : numbers).set(key, keyOf(canary));
        return done;
      }
      const { name, namespace, uid } = canary.metadata;
      writing += 1;
      try {
        await client.applyStatus(preferenceCanaries, { metadata: { name, namespace, uid }, status: after }, signal);
      } finally {
        writing -= 1;
        passOn();
      }
      writtenAt.set(key, clock.monotonic());
      for (const note of announcements(before, after)) events.record(canary, note);
      return done;
    },
    skip: passOn,
    forget(canary) {
      const key = keyString(canary);
      writtenAt.delete(key);
      stopWaiting(key);
      passOn();
    },
  };
}
