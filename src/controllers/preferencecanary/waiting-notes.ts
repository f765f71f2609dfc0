import type { EventNote } from "../../kube/events.ts";
import { keyString, type ObjectKey } from "../../kube/object.ts";

/** What every pass says of a canary that waits is told once, until something else is said, or another process takes over. */
export interface WaitingNotes {
  /** Those that are new. */
  fresh(canary: ObjectKey, said: EventNote | undefined): readonly EventNote[];
  forget(canary: ObjectKey): void;
}

export function createWaitingNotes(): WaitingNotes {
  const told = new Map<string, string | undefined>();
  return {
    fresh(canary, said) {
      const isKnown = told.get(keyString(canary)) === said?.note;
      told.set(keyString(canary), said?.note);
      return said === undefined || isKnown ? [] : [said];
    },
    forget: (canary) => void told.delete(keyString(canary)),
  };
}
