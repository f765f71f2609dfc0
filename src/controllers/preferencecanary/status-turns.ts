import { keyString, type ObjectKey } from "../../kube/object.ts";
import type { Clock } from "../../runtime/clock.ts";
import type { Urgency } from "./status.ts";

/** Who may write a status now, of all canaries. Whoever may not is woken when its turn comes: verdicts before numbers. */
export interface StatusTurns {
  /** Whether this one may write now; `end` follows then. */
  begin(canary: ObjectKey, how: Urgency): boolean;
  end(): void;
  /** It has numbers that are new: it is woken when they may be written. */
  ask(canary: ObjectKey): void;
  /** It has nothing to write, or no more. */
  leave(canary: ObjectKey): void;
  /** A turn that nobody has is the next one's. */
  passOn(): void;
  forget(canary: ObjectKey): void;
}

export interface StatusTurnsOptions {
  readonly clock: Clock;
  readonly wake: (canary: ObjectKey) => void;
}

/** Every write holds a worker for as long as the API server takes, and a rollback needs one that is free. */
export const AT_ONCE = 4;
/** Between two writes of a canary's numbers: each one is a write of etcd and an event for everyone who watches. */
const OWN_NUMBERS_EVERY_MS = 10_000;
/** Between two of any canaries. An API server that is busy with the numbers of a thousand is late for what matters. */
const NUMBERS_EVERY_MS = 100;

export function createStatusTurns({ clock, wake }: StatusTurnsOptions): StatusTurns {
  /** In the order in which they came. */
  const verdicts = new Map<string, ObjectKey>();
  const numbers = new Map<string, ObjectKey>();
  /** Woken to write their numbers; nobody who comes meanwhile is before them. */
  const called = new Set<string>();
  const writtenAt = new Map<string, number>();
  let writing = 0;
  let numbersFrom = Number.NEGATIVE_INFINITY;
  let cancelAlarm: () => void = () => undefined;

  function passOn(): void {
    if (writing >= AT_ONCE) return;
    const [verdict] = verdicts.values();
    if (verdict !== undefined) {
      verdicts.delete(keyString(verdict));
      wake(verdict);
      return;
    }
    const next = nextOfNumbers();
    if (next !== undefined) {
      takeNumbers(keyString(next));
      called.add(keyString(next));
      wake(next);
    }
    setAlarm();
  }

  function nextOfNumbers(): ObjectKey | undefined {
    const now = clock.monotonic();
    if (now < numbersFrom) return undefined;
    return numbers.values().find((canary) => ownFrom(keyString(canary)) <= now);
  }

  function ownFrom(key: string): number {
    return (writtenAt.get(key) ?? Number.NEGATIVE_INFINITY) + OWN_NUMBERS_EVERY_MS;
  }

  function takeNumbers(key: string): void {
    numbers.delete(key);
    numbersFrom = clock.monotonic() + NUMBERS_EVERY_MS;
  }

  /** For the first one whose time comes, where nobody who ends passes the turn on. */
  function setAlarm(): void {
    cancelAlarm();
    if (numbers.size === 0) return;
    const isNextDue = numbers.keys().some((key) => ownFrom(key) <= numbersFrom);
    const first = isNextDue ? numbersFrom : Math.min(...numbers.keys().map(ownFrom));
    cancelAlarm = clock.setTimeout(passOn, Math.max(first, numbersFrom) - clock.monotonic());
  }

  function mayWrite(canary: ObjectKey, how: Urgency): boolean {
    const key = keyString(canary);
    if (how === "Now") return true;
    if (writing >= AT_ONCE) return false;
    if (how === "Soon" || called.has(key)) return true;
    numbers.set(key, canary);
    const isNext = nextOfNumbers() === numbers.get(key);
    if (isNext) takeNumbers(key);
    return isNext;
  }

  function stopWaiting(key: string): void {
    verdicts.delete(key);
    numbers.delete(key);
    called.delete(key);
  }

  function leave(canary: ObjectKey): void {
    stopWaiting(keyString(canary));
    passOn();
  }

  return {
    begin(canary, how) {
      const key = keyString(canary);
      if (mayWrite(canary, how)) {
        stopWaiting(key);
        writing += 1;
        writtenAt.set(key, clock.monotonic());
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
    ask(canary) {
      const key = keyString(canary);
      if (verdicts.has(key) || numbers.has(key) || called.has(key)) return;
      numbers.set(key, canary);
      passOn();
    },
    leave,
    passOn,
    forget(canary) {
      writtenAt.delete(keyString(canary));
      leave(canary);
    },
  };
}
