import type { Cursor } from "../../api/contracts/collector-api.ts";
import { CursorUnknown } from "../../evidence/collector-error.ts";
import { type Clock, sleep } from "../../runtime/clock.ts";
import type { Logger } from "../../telemetry/logger.ts";
import type { Access, Stream } from "./evidence.ts";

/** One stream, read ahead. */
export interface Follower<Item> {
  /** What comes after the cursor. One that this follower was never at starts it anew from there. */
  read(cursor: Cursor | null): Stream<Item>;
  stop(): void;
}

export interface FollowerOptions<Item> {
  readonly cursor: Cursor | null;
  /** The next records; may wait for some unless it is the first call since a start or a failure. */
  readonly fetch: (
    cursor: Cursor | null,
    isFirst: boolean,
    signal: AbortSignal,
  ) => Promise<{ readonly records: readonly Item[] }>;
  /** The most records that one answer has. */
  readonly pageSize: number;
  readonly changed: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY_MS = 2_000;

interface Position<Item> {
  /** The record after which `records` begin. */
  from: Cursor | null;
  records: Item[];
  access: Access;
  /** The collector does not know `from`, as after a restore: the next answer is all there is, from the beginning. */
  isUnknown: boolean;
}

export function createFollower<Item extends Cursor>(options: FollowerOptions<Item>): Follower<Item> {
  const { fetch, changed, clock, logger } = options;
  let position = startAt<Item>(options.cursor);
  let running = new AbortController();
  void follow(position, running.signal);

  async function follow(at: Position<Item>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await advance(at, signal);
      } catch (error) {
        if (signal.aborted) return;
        fail(at, error);
        await sleep(clock, RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  async function advance(at: Position<Item>, signal: AbortSignal): Promise<void> {
    const last = at.records.at(-1);
    const cursor = at.isUnknown ? null : last ? { sequence: last.sequence, id: last.id } : at.from;
    const { records } = await fetch(cursor, at.access.type !== "Readable", signal);
    if (signal.aborted) return;
    if (at.isUnknown) Object.assign(at, { from: null, records: [], isUnknown: false });
    at.records.push(...records);
    const isNews = records.length > 0 || at.access.type !== "Readable";
    // Behind a whole page there may be another one: nobody decides on a part of what is there.
    at.access = { type: records.length < options.pageSize ? "Readable" : "Unread" };
    if (isNews) changed();
  }

  function fail(at: Position<Item>, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    if (error instanceof CursorUnknown) at.isUnknown = true;
    logger.warn({ err: error }, "evidence cannot be read");
    const isNews = at.access.type !== "Unreadable";
    at.access = { type: "Unreadable", problem };
    if (isNews) changed();
  }

  function restart(cursor: Cursor | null): void {
    running.abort();
    running = new AbortController();
    position = startAt(cursor);
    void follow(position, running.signal);
  }

  return {
    read(cursor) {
      if (!trim(position, cursor)) restart(cursor);
      const { from, records, access } = position;
      return { from, records: [...records], access };
    },
    stop: () => running.abort(),
  };
}

function startAt<Item>(from: Cursor | null): Position<Item> {
  return { from, records: [], access: { type: "Unread" }, isUnknown: false };
}

/** Drops what was folded for good. False when the position is behind or beside the cursor. */
function trim<Item extends Cursor>(position: Position<Item>, cursor: Cursor | null): boolean {
  if (cursor?.id === position.from?.id && cursor?.sequence === position.from?.sequence) return true;
  const index = position.records.findIndex(({ id, sequence }) => id === cursor?.id && sequence === cursor.sequence);
  if (cursor !== null && index >= 0) {
    position.records.splice(0, index + 1);
    position.from = cursor;
    return true;
  }
  // From the beginning, after a cursor that the collector did not know: status still has that one.
  return position.from === null;
}
