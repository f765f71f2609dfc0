import type { Cursor } from "../../../api/contracts/collector-api.ts";
import { CursorUnknown } from "../../../evidence/collector-error.ts";
import type { Clock } from "../../../runtime/clock.ts";
import type { Access, Stream } from "./evidence.ts";

/** One stream, read ahead as far as it is known to go. */
export interface Follower<Item> {
  /** What comes after the cursor. One that this follower was never at starts it anew from there. */
  read(cursor: Cursor | null): Stream<Item>;
  /** There may be something new. However often it is told so while it reads, it reads once more. */
  refresh(): void;
  /** Nobody would say when there is something new: out of sight until the next refresh. */
  lose(problem: string): void;
  stop(): void;
}

export interface FollowerOptions<Item> {
  readonly cursor: Cursor | null;
  /** What there is after the cursor. */
  readonly fetch: (cursor: Cursor | null, signal: AbortSignal) => Promise<{ readonly records: readonly Item[] }>;
  /** The most records that one answer has. */
  readonly pageSize: number;
  readonly changed: () => void;
  /** Called for each error that nothing was read for; it is tried again. */
  readonly failed: (error: unknown) => void;
  readonly clock: Clock;
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
  const { fetch, changed, failed, clock, pageSize } = options;
  let position = startAt<Item>(options.cursor);
  let reading = new AbortController();
  /** Somebody says when there is something new: without that nothing that was read stays true. */
  let isTold = false;
  let isReading = false;
  let isStale = false;
  let cancelRetry: () => void = () => undefined;

  function refresh(): void {
    isTold = true;
    isStale = true;
    if (!isReading) void catchUp(position, reading.signal);
  }

  async function catchUp(at: Position<Item>, signal: AbortSignal): Promise<void> {
    isReading = true;
    cancelRetry();
    try {
      while (isStale && !signal.aborted) {
        isStale = false;
        await advance(at, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      fail(at, error);
      cancelRetry = clock.setTimeout(refresh, RETRY_MS);
    }
    if (!signal.aborted) isReading = false;
  }

  async function advance(at: Position<Item>, signal: AbortSignal): Promise<void> {
    const last = at.records.at(-1);
    const cursor = at.isUnknown ? null : last ? { sequence: last.sequence, id: last.id } : at.from;
    const { records } = await fetch(cursor, signal);
    if (signal.aborted) return;
    if (at.isUnknown) Object.assign(at, { from: null, records: [], isUnknown: false });
    at.records.push(...records);
    const isNews = records.length > 0 || at.access.type !== "Readable";
    // Behind a whole page there may be another one: nobody decides on a part of what is there.
    const isWhole = records.length < pageSize;
    at.access = { type: isWhole ? "Readable" : "Unread" };
    isStale ||= !isWhole;
    if (isNews) changed();
  }

  function fail(at: Position<Item>, error: unknown): void {
    if (error instanceof CursorUnknown) at.isUnknown = true;
    failed(error);
    hide(at, error instanceof Error ? error.message : String(error));
  }

  function hide(at: Position<Item>, problem: string): void {
    const isNews = at.access.type !== "Unreadable";
    at.access = { type: "Unreadable", problem };
    if (isNews) changed();
  }

  /** What is being read is not waited for, nor believed. */
  function interrupt(): void {
    reading.abort();
    reading = new AbortController();
    isReading = false;
    cancelRetry();
  }

  return {
    read(cursor) {
      if (!trim(position, cursor)) {
        interrupt();
        position = startAt(cursor, isTold ? UNREAD : position.access);
        if (isTold) refresh();
      }
      const { from, records, access } = position;
      return { from, records: [...records], access };
    },
    refresh,
    lose(problem) {
      interrupt();
      isTold = false;
      hide(position, problem);
    },
    stop: interrupt,
  };
}

const UNREAD: Access = { type: "Unread" };

function startAt<Item>(from: Cursor | null, access = UNREAD): Position<Item> {
  return { from, records: [], access, isUnknown: false };
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
