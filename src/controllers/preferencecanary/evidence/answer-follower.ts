import type { Cursor } from "../../../api/contracts/collector-api.ts";
import { type Clock, sleep } from "../../../runtime/clock.ts";
import type { Logger } from "../../../telemetry/logger.ts";
import type { Access, Answer, Stream } from "./evidence.ts";

/** One question, asked again and again in the background. */
export interface AnswerFollower {
  /** What was said after the cursor. One that this follower was never at starts it anew from there. */
  read(cursor: Cursor | null): Stream<Answer>;
  stop(): void;
}

/** A time at which it is asked. */
export interface Turn {
  /** The last time that was answered. */
  readonly cursor: Cursor | null;
  /** The first one since a start or a failure: to be answered without waiting. */
  readonly isFirst: boolean;
  readonly signal: AbortSignal;
}

/** What was said. */
export interface Said {
  readonly answers: readonly Answer[];
  /** Why there is nothing to say now, in words. */
  readonly empty?: string;
  /** There is more that is due. */
  readonly isPart?: boolean;
}

export interface AnswerFollowerOptions {
  readonly cursor: Cursor | null;
  /** Waits until it is due, and asks. */
  readonly ask: (turn: Turn) => Promise<Said>;
  /** Called when there is something new to read. */
  readonly changed: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const RETRY_MS = 10_000;

interface Position {
  /** The time after which `answers` begin. */
  from: Cursor | null;
  answers: Answer[];
  access: Access;
}

export function createAnswerFollower(options: AnswerFollowerOptions): AnswerFollower {
  const { ask, changed, clock, logger } = options;
  let position = startAt(options.cursor);
  let running = new AbortController();
  void follow(position, running.signal);

  async function follow(at: Position, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const said = await ask({ cursor: newestOf(at), isFirst: isFirst(at), signal });
        if (!signal.aborted) hear(at, said);
      } catch (error) {
        if (signal.aborted) return;
        fail(at, error);
        await sleep(clock, RETRY_MS, signal).catch(() => undefined);
      }
    }
  }

  function hear(at: Position, { answers, empty, isPart = false }: Said): void {
    const before = at.access.type;
    at.answers.push(...answers);
    // Nobody decides on a part of what is there.
    if (isPart) at.access = { type: "Unread" };
    else at.access = empty === undefined ? { type: "Readable" } : { type: "Empty", problem: empty };
    if (answers.length > 0 || at.access.type !== before) changed();
  }

  function fail(at: Position, error: unknown): void {
    const problem = error instanceof Error ? error.message : String(error);
    logger.warn({ err: error }, "another system gave no answer");
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
      const { from, answers, access } = position;
      return { from, records: [...answers], access };
    },
    stop: () => running.abort(),
  };
}

function startAt(from: Cursor | null): Position {
  return { from, answers: [], access: { type: "Unread" } };
}

function newestOf({ from, answers }: Position): Cursor | null {
  const last = answers.at(-1);
  return last === undefined ? from : { sequence: last.sequence, id: last.id };
}

function isFirst({ access }: Position): boolean {
  return access.type === "Unread" || access.type === "Unreadable";
}

/** Drops what was folded for good. False when the cursor is none that the position has come by. */
function trim(position: Position, cursor: Cursor | null): boolean {
  if (cursor?.id === position.from?.id) return true;
  const index = position.answers.findIndex(({ id }) => id === cursor?.id);
  if (index < 0) return false;
  position.answers.splice(0, index + 1);
  position.from = cursor;
  return true;
}
