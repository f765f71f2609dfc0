import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { keyOf, type ObjectKey, type Stored } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import { covers } from "../../runtime/covers.ts";
import { preferenceCanaries } from "../resources.ts";
import type { Facts } from "./facts.ts";
import { announcements } from "./standing/announcements.ts";
import { status, urgency } from "./status.ts";
import { createStatusTurns } from "./status-turns.ts";

/** Writes status when it says something new, and tells the Events that it is worth. */
export interface StatusWriter {
  /**
   * At once when something has happened to the run. What else is new waits for its turn, which wakes its canary: numbers at
   * most every ten seconds, and one canary's after the other's.
   */
  write(canary: Stored<PreferenceCanary>, facts: Facts, signal: AbortSignal): Promise<void>;
  /** There are numbers that nobody has looked at yet: their canary is woken when they may be written. */
  hasNumbers(canary: ObjectKey): void;
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

export function createStatusWriter({ client, events, clock, wake }: StatusWriterOptions): StatusWriter {
  const turns = createStatusTurns({ clock, wake });

  return {
    async write(canary, facts, signal) {
      const before = canary.status;
      const after = status(facts, clock.now());
      const key = keyOf(canary);
      if (covers(before, after) && covers(after, before)) {
        turns.leave(key);
        return;
      }
      if (!turns.begin(key, urgency(before, after))) return;
      const { name, namespace, uid } = canary.metadata;
      try {
        await client.applyStatus(preferenceCanaries, { metadata: { name, namespace, uid }, status: after }, signal);
      } finally {
        turns.end();
      }
      for (const note of announcements(before, after)) events.record(canary, note);
    },
    hasNumbers: turns.ask,
    passOn: turns.passOn,
    forget: turns.forget,
  };
}
