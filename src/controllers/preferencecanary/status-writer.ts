import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { keyOf, keyString, type ObjectKey, type Stored } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { preferenceCanaries } from "../resources.ts";
import { announcements } from "./announcements.ts";
import { covers } from "./covers.ts";
import type { Facts } from "./facts.ts";
import { isUrgent, status } from "./status.ts";

/** Writes status when it says something new, and tells the Events that it is worth. */
export interface StatusWriter {
  /** At once when something has happened; numbers and words alone wait for their turn, which the result names. */
  write(canary: Stored<PreferenceCanary>, facts: Facts, signal: AbortSignal): Promise<Result>;
  forget(canary: ObjectKey): void;
}

export interface StatusWriterOptions {
  readonly client: Client;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

/** Between two writes of an object's numbers: each one is a write of etcd and an event for everyone who watches. */
const EVERY_MS = 10_000;

export function createStatusWriter({ client, events, clock }: StatusWriterOptions): StatusWriter {
  const writtenAt = new Map<string, number>();
  return {
    async write(canary, facts, signal) {
      const before = canary.status;
      const after = status(facts, clock.now());
      if (covers(before, after) && covers(after, before)) return done;
      const key = keyString(keyOf(canary));
      const dueMs = (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + EVERY_MS - clock.monotonic();
      if (dueMs > 0 && !isUrgent(before, after)) return requeueAfter(dueMs);
      const { name, namespace, uid } = canary.metadata;
      await client.applyStatus(preferenceCanaries, { metadata: { name, namespace, uid }, status: after }, signal);
      writtenAt.set(key, clock.monotonic());
      for (const note of announcements(before, after)) events.record(canary, note);
      return done;
    },
    forget: (canary) => void writtenAt.delete(keyString(canary)),
  };
}
