import type { Clock } from "../runtime/clock.ts";

/**
 * How long things are known to stand as they do. Counted from when this process first saw them so, on its own clock: what
 * a write took, and what another process did before, never make a wait shorter; a restart only makes it start again.
 */
export interface Settling {
  /** Milliseconds; 0 at the first sight of a state. */
  unchangedMs(thing: string, aspect: string, state: string): number;
  /** Nobody will ask for the thing's other aspects any more. */
  keepOnly(thing: string, aspects: readonly string[]): void;
  forget(thing: string): void;
}

interface Sight {
  readonly state: string;
  readonly since: number;
}

export function createSettling(clock: Clock): Settling {
  const seen = new Map<string, Map<string, Sight>>();
  return {
    unchangedMs(thing, aspect, state) {
      const sights = seen.get(thing) ?? new Map<string, Sight>();
      seen.set(thing, sights);
      const known = sights.get(aspect);
      if (known?.state === state) return clock.monotonic() - known.since;
      sights.set(aspect, { state, since: clock.monotonic() });
      return 0;
    },
    keepOnly(thing, aspects) {
      const sights = seen.get(thing);
      for (const aspect of sights?.keys() ?? []) if (!aspects.includes(aspect)) sights?.delete(aspect);
    },
    forget: (thing) => void seen.delete(thing),
  };
}
