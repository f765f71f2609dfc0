import { afterEach, describe, expect, it } from "vitest";
import type { Cursor } from "../../../../src/api/contracts/collector-api.ts";
import { createFollower, type Follower } from "../../../../src/controllers/preferencecanary/evidence-follower.ts";
import { CursorUnknown } from "../../../../src/evidence/collector-error.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../../src/telemetry/logger.ts";

type Answer = readonly number[] | Error;

const at = (sequence: number): Cursor => ({ sequence, id: `r${sequence}` });

let followers: Follower<Cursor>[] = [];
afterEach(() => {
  for (const follower of followers) follower.stop();
  followers = [];
});

/** A collector that answers each call when it is told to. */
function scripted(cursor: Cursor | null) {
  const clock = createFakeClock();
  const asked: { cursor: Cursor | null; isFirst: boolean; answer: (answer: Answer) => void }[] = [];
  let changes = 0;
  const follower = createFollower<Cursor>({
    pageSize: 4,
    cursor,
    clock,
    logger: silentLogger(),
    changed: () => {
      changes += 1;
    },
    fetch: (from, isFirst) =>
      new Promise((resolve, reject) => {
        const answer = (what: Answer) => (what instanceof Error ? reject(what) : resolve({ records: what.map(at) }));
        asked.push({ cursor: from, isFirst, answer });
      }),
  });
  followers.push(follower);
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

  it("asks for what comes after the last record, waits for news from then on, and tells of them", async () => {
    const { follower, asked, answer, changes } = scripted(at(4));
    await answer([5, 6]);
    await answer([7]);
    expect(asked.map(({ cursor, isFirst }) => [cursor, isFirst])).toEqual([
      [at(4), true],
      [at(6), false],
      [at(7), false],
    ]);
    expect(changes()).toBe(2);
    expect(follower.read(at(4))).toEqual({ from: at(4), records: [5, 6, 7].map(at), access: { type: "Readable" } });
  });

  it("is not read behind a whole page: nobody decides on a part of what is there", async () => {
    const { follower, asked, answer } = scripted(null);
    await answer([1, 2, 3, 4]);
    expect(follower.read(null)).toMatchObject({ records: [1, 2, 3, 4].map(at), access: { type: "Unread" } });
    await answer([5]);
    expect(follower.read(null)).toMatchObject({ access: { type: "Readable" } });
    expect(asked.map(({ isFirst }) => isFirst)).toEqual([true, true, false]);
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
    expect(asked.at(-1)).toMatchObject({ cursor: at(1), isFirst: true });
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
