import type { EventNote } from "../../kube/events.ts";
import { keyString, type ObjectKey } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";

/**
 * What every pass says of a canary that waits is told once, and again every half hour, since the API server forgets an
 * Event after an hour; at once when something else is said, or another process takes over.
 */
export interface WaitingNotes {
  /** Those that are to be told now. */
  fresh(canary: ObjectKey, said: EventNote | undefined): readonly EventNote[];
  forget(canary: ObjectKey): void;
}

const AGAIN_MS = 30 * 60_000;

interface Told {
  readonly note: string;
  readonly at: number;
}

export function createWaitingNotes(clock: Pick<Clock, "monotonic">): WaitingNotes {
  const told = new Map<string, Told>();
  return {
    fresh(canary, said) {
      const key = keyString(canary);
      const last = told.get(key);
      if (said === undefined) told.delete(key);
      if (said === undefined || (last?.note === said.note && clock.monotonic() - last.at < AGAIN_MS)) return [];
      told.set(key, { note: said.note, at: clock.monotonic() });
      return [said];
    },
    forget: (canary) => void told.delete(keyString(canary)),
  };
}
