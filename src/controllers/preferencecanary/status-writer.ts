import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Client } from "../../kube/client.ts";
import type { EventRecorder } from "../../kube/events.ts";
import { keyOf, keyString, type ObjectKey, type Stored } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import { createPace } from "../../runtime/pace.ts";
import { done, type Result, requeueAfter } from "../../runtime/result.ts";
import { preferenceCanaries } from "../resources.ts";
import { announcements } from "./announcements.ts";
import { covers } from "./covers.ts";
import type { Facts } from "./facts.ts";
import { status, type Urgency, urgency } from "./status.ts";

/** Writes status when it says something new, and tells the Events that it is worth. */
export interface StatusWriter {
  /** At once when something has happened to the run; what else is new waits for its turn, which the result names. */
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
/** All canaries together: a rollback's write to its route must not stand in line behind a thousand statuses. */
const PER_SECOND = 25;
/** Numbers leave turns that are asked for now to verdicts, and come again. */
const AGAIN_MS = 1_000;

export function createStatusWriter({ client, events, clock }: StatusWriterOptions): StatusWriter {
  const pace = createPace(clock, PER_SECOND);
  const writtenAt = new Map<string, number>();
  /** When the turn of a verdict comes that had to wait for it. */
  const turns = new Map<string, number>();

  /** Milliseconds to wait; 0: its turn has come and is taken. */
  function turnInMs(key: string, how: Urgency): number {
    const now = clock.monotonic();
    const turn = turns.get(key);
    if (how === "Now") pace.take();
    if (how === "Now" || (turn !== undefined && turn <= now)) return 0;
    if (how === "InTurn") return inTurnMs(key, now);
    const at = turn ?? now + pace.take();
    turns.set(key, at);
    return at - now;
  }

  function inTurnMs(key: string, now: number): number {
    const dueMs = (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + EVERY_MS - now;
    if (dueMs > 0) return dueMs;
    return pace.freeInMs() > 0 ? AGAIN_MS : pace.take();
  }

  return {
    async write(canary, facts, signal) {
      const before = canary.status;
      const after = status(facts, clock.now());
      if (covers(before, after) && covers(after, before)) return done;
      const key = keyString(keyOf(canary));
      const waitMs = turnInMs(key, urgency(before, after));
      if (waitMs > 0) return requeueAfter(waitMs);
      turns.delete(key);
      const { name, namespace, uid } = canary.metadata;
      await client.applyStatus(preferenceCanaries, { metadata: { name, namespace, uid }, status: after }, signal);
      writtenAt.set(key, clock.monotonic());
      for (const note of announcements(before, after)) events.record(canary, note);
      return done;
    },
    forget(canary) {
      const key = keyString(canary);
      writtenAt.delete(key);
      turns.delete(key);
    },
  };
}
