import { afterEach, describe, expect, it } from "vitest";
import type { Cursor } from "../../../../src/api/contracts/collector-api.ts";
import {
  createFollower,
  type Follower,
} from "../../../../src/controllers/preferencecanary/evidence/evidence-follower.ts";
import { CursorUnknown } from "../../../../src/evidence/collector-error.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";

type Answer = readonly number[] | Error;

const at = (sequence: number): Cursor => ({ sequence, id: `r${sequence}` });

let followers: Follower<Cursor>[] = [];
afterEach(() => {
  for (const follower of followers) follower.stop();
  followers = [];
});

/** A collector that answers each call when it is told to. */
function scripted(cursor: Cursor | null, isOpen = true) {
  const clock = createFakeClock();
  const asked: { cursor: Cursor | null; signal: AbortSignal; answer: (answer: Answer) => void }[] = [];
  let changes = 0;
  const follower = createFollower<Cursor>({
    pageSize: 4,
    cursor,
    clock,
    failed: () => undefined,
    changed: () => {
      changes += 1;
    },
    fetch: (from, signal) =>
      new Promise((resolve, reject) => {
        const answer = (what: Answer) => (what instanceof Error ? reject(what) : resolve({ records: what.map(at) }));
        asked.push({ cursor: from, signal, answer });
      }),
  });
  followers.push(follower);
  if (isOpen) follower.refresh();
  return {
    follower,
    asked,
    changes: () => changes,
    async answer(what: Answer) {
      asked.at(-1)?.answer(what);
      await clock.advance(0);
    },
    wait: (ms: number) => clock.advance(ms),
  };
}

describe("following a stream of evidence", () => {
  it("has read nothing at first, and does not say that nothing is there", () => {
    expect(scripted(null).follower.read(null)).toEqual({ from: null, records: [], access: { type: "Unread" } });
  });

  it("asks nobody before it is told that there may be something", () => {
    const { follower, asked } = scripted(at(1), false);
    expect(follower.read(at(3)).access).toEqual({ type: "Unread" });
    expect(asked).toEqual([]);
    follower.refresh();
    expect(asked.map(({ cursor }) => cursor)).toEqual([at(3)]);
  });

  it("asks for what comes after the last record when it is told so, and tells of it", async () => {
    const { follower, asked, answer, changes } = scripted(at(4));
    await answer([5, 6]);
    expect(asked).toHaveLength(1);
    follower.refresh();
    await answer([7]);
    expect(asked.map(({ cursor }) => cursor)).toEqual([at(4), at(6)]);
    expect(changes()).toBe(2);
    expect(follower.read(at(4))).toEqual({ from: at(4), records: [5, 6, 7].map(at), access: { type: "Readable" } });
  });

  it("asks once more, however often it is told so while it reads", async () => {
    const { follower, asked, answer } = scripted(null);
    follower.refresh();
    follower.refresh();
    await answer([1]);
    expect(asked.map(({ cursor }) => cursor)).toEqual([null, at(1)]);
    await answer([]);
    expect(asked).toHaveLength(2);
  });

  it("is not read behind a whole page: nobody decides on a part of what is there", async () => {
    const { follower, asked, answer } = scripted(null);
    await answer([1, 2, 3, 4]);
    expect(follower.read(null)).toMatchObject({ records: [1, 2, 3, 4].map(at), access: { type: "Unread" } });
    await answer([5]);
    expect(follower.read(null)).toMatchObject({ access: { type: "Readable" } });
    expect(asked).toHaveLength(2);
  });

  it("believes nothing that it reads while nobody would say what is new", async () => {
    const { follower, asked, answer, changes, wait } = scripted(at(0));
    await answer([1]);
    follower.refresh();
    follower.lose("no news");
    expect(asked.at(-1)?.signal.aborted).toBe(true);
    await answer([2]);
    const lost = { records: [at(1)], access: { type: "Unreadable", problem: "no news" } };
    expect(follower.read(at(0))).toMatchObject(lost);
    await wait(60_000);
    expect(follower.read(at(9)).access).toEqual(lost.access);
    expect(asked).toHaveLength(2);
    expect(changes()).toBe(2);
    follower.refresh();
    await answer([10]);
    expect(follower.read(at(9))).toMatchObject({ records: [at(10)], access: { type: "Readable" } });
  });

  it("keeps records until they are folded for good", async () => {
    const { follower, answer } = scripted(null);
    await answer([1, 2, 3]);
    expect(follower.read(null).records).toHaveLength(3);
    expect(follower.read(at(2))).toMatchObject({ from: at(2), records: [at(3)] });
    expect(follower.read(at(3)).records).toEqual([]);
  });

  it("says why it cannot read, once, and tries again", async () => {
    const { follower, asked, answer, changes, wait } = scripted(at(1));
    await answer(new Error("connection refused"));
    expect(follower.read(at(1)).access).toEqual({ type: "Unreadable", problem: "connection refused" });
    await wait(2_000);
    await answer(new Error("connection refused"));
    expect(changes()).toBe(1);
    await wait(2_000);
    expect(asked.map(({ cursor }) => cursor)).toEqual([at(1), at(1), at(1)]);
    await answer([]);
    expect(follower.read(at(1)).access).toEqual({ type: "Readable" });
    expect(changes()).toBe(2);
  });

  it("reads all of it anew when the collector does not know where it was", async () => {
    const { follower, asked, answer, wait } = scripted(at(9));
    await answer(new CursorUnknown(410, "no such record"));
    expect(follower.read(at(9)).from).toEqual(at(9));
    await wait(2_000);
    expect(asked.at(-1)?.cursor).toBeNull();
    await answer([1, 2]);
    expect(follower.read(at(9))).toEqual({ from: null, records: [1, 2].map(at), access: { type: "Readable" } });
    expect(follower.read(at(2))).toMatchObject({ from: at(2), records: [] });
  });

  it("starts anew from a cursor that it was never at", async () => {
    const { follower, asked, answer } = scripted(at(5));
    await answer([6]);
    expect(follower.read(at(2)).access).toEqual({ type: "Unread" });
    expect(asked.at(-1)?.cursor).toEqual(at(2));
  });
});
