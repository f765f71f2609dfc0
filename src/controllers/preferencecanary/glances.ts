import { keyString, type ObjectKey } from "../../kube/object.ts";
import type { Facts } from "./facts.ts";

/**
 * A look at new evidence that is less than a pass: whether anything but numbers follows from it. Where there is nothing
 * else the pass can wait until numbers are written. It is about when to look and not about what is seen: every pass makes
 * everything anew, and without a glance there is one at once.
 */
export interface Glances {
  /** What a pass made of what it saw, and what it would make of that with the evidence that there is by then. */
  keep(canary: ObjectKey, facts: Facts, gather: () => Facts): void;
  /** There is more evidence. */
  heard(canary: ObjectKey): void;
  forget(canary: ObjectKey): void;
}

export interface GlancesOptions {
  /** For a pass now. */
  readonly wake: (canary: ObjectKey) => void;
  /** Likewise, before all others: more than numbers follows, which may be a rollback. */
  readonly wakeFirst: (canary: ObjectKey) => void;
  /** For one when numbers may be written. */
  readonly hasNumbers: (canary: ObjectKey) => void;
}

interface Glance {
  readonly before: string;
  readonly gather: () => Facts;
}

export function createGlances({ wake, wakeFirst, hasNumbers }: GlancesOptions): Glances {
  const glances = new Map<string, Glance>();

  return {
    keep(canary, facts, gather) {
      if (isOnItsWay(facts)) glances.set(keyString(canary), { before: outlook(facts), gather });
      else glances.delete(keyString(canary));
    },
    heard(canary) {
      const glance = glances.get(keyString(canary));
      if (glance === undefined) wake(canary);
      else if (outlook(glance.gather()) === glance.before) hasNumbers(canary);
      else wakeFirst(canary);
    },
    forget: (canary) => void glances.delete(keyString(canary)),
  };
}

/** Only then does most evidence change nothing but numbers. */
function isOnItsWay({ observed, progress, rejection, isPromotable }: Facts): boolean {
  const isDeleted = observed.canary.metadata.deletionTimestamp !== undefined;
  return !isDeleted && progress !== undefined && rejection === undefined && !isPromotable;
}

/** All that follows from evidence but numbers and words about them. */
function outlook({ gates, rejection, hold, progress, waits, isPromotable, outOfReach }: Facts): string {
  return JSON.stringify([
    gates.map(({ name, verdict }) => [name, verdict]),
    rejection !== undefined,
    hold,
    progress?.step.name,
    waits.map(({ type }) => type),
    isPromotable,
    outOfReach !== undefined,
  ]);
}
