import { keyString, type ObjectKey } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Urgency } from "./status.ts";

/** Who may write a status now, of all canaries. Whoever may not is woken when its turn comes: verdicts before numbers. */
export interface StatusTurns {
  /** Whether this one may write now; `end` follows then. */
  begin(canary: ObjectKey, how: Urgency): boolean;
  end(): void;
  /** It has nothing to write, or no more. */
  leave(canary: ObjectKey): void;
  /** A turn that nobody has is the next one's. */
  passOn(): void;
}

export interface StatusTurnsOptions {
  readonly clock: Clock;
  readonly wake: (canary: ObjectKey) => void;
}

/** Every write holds a worker for as long as the API server takes, and a rollback needs one that is free. */
export const AT_ONCE = 4;
/** Between two that write numbers. An API server that is busy with the numbers of a thousand is late for what matters. */
const NUMBERS_EVERY_MS = 50;

export function createStatusTurns({ clock, wake }: StatusTurnsOptions): StatusTurns {
  /** In the order in which they came. */
  const verdicts = new Map<string, ObjectKey>();
  const numbers = new Map<string, ObjectKey>();
  /** Woken to write their numbers; nobody who comes meanwhile is before them. */
  const called = new Set<string>();
  let writing = 0;
  let numbersFrom = Number.NEGATIVE_INFINITY;
  let isTimed = false;

  function passOn(): void {
    if (writing >= AT_ONCE) return;
    const [verdict] = verdicts.values();
    if (verdict === undefined) {
      callForNumbers();
      return;
    }
    verdicts.delete(keyString(verdict));
    wake(verdict);
  }

  function callForNumbers(): void {
    const [next] = numbers.values();
    if (next === undefined || isTimed) return;
    if (areNumbersDue()) {
      takeNumbers();
      numbers.delete(keyString(next));
      called.add(keyString(next));
      wake(next);
    }
    isTimed = true;
    clock.setTimeout(onTime, numbersFrom - clock.monotonic());
  }

  function onTime(): void {
    isTimed = false;
    passOn();
  }

  function areNumbersDue(): boolean {
    return clock.monotonic() >= numbersFrom;
  }

  function takeNumbers(): void {
    numbersFrom = clock.monotonic() + NUMBERS_EVERY_MS;
  }

  function mayWrite(key: string, how: Urgency): boolean {
    if (how === "Now") return true;
    if (writing >= AT_ONCE) return false;
    if (how === "Soon" || called.has(key)) return true;
    if (numbers.size > 0 || !areNumbersDue()) return false;
    takeNumbers();
    return true;
  }

  function stopWaiting(key: string): void {
    verdicts.delete(key);
    numbers.delete(key);
    called.delete(key);
  }

  return {
    begin(canary, how) {
      const key = keyString(canary);
      if (mayWrite(key, how)) {
        stopWaiting(key);
        writing += 1;
        return true;
      }
      const [line, other] = how === "Soon" ? [verdicts, numbers] : [numbers, verdicts];
      other.delete(key);
      // Whoever is in line already keeps its place.
      line.set(key, canary);
      passOn();
      return false;
    },
    end() {
      writing -= 1;
      passOn();
    },
    leave(canary) {
      stopWaiting(keyString(canary));
      passOn();
    },
    passOn,
  };
}
