import { afterEach, expect, it } from "vitest";
import { createEvidenceFeed, type EvidenceFeed } from "../../../../src/controllers/preferencecanary/evidence-feed.ts";
import type { PairQuery } from "../../../../src/evidence/collector-client.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../../src/telemetry/logger.ts";

const CANARY = { namespace: "team", name: "assistant" };
const PAIR = { candidate: "bbbbbbbbbb", stable: "aaaaaaaaaa" };
const at = "2026-01-01T00:00:00.000Z";
const rating = { sequence: 7, id: "r7", at, revision: PAIR.candidate, outcome: 1, unit: "0".repeat(64), vote: 1 };

let feed: EvidenceFeed | undefined;
afterEach(() => feed?.stop());

/** A collector that answers a first call at once, and a later one when it is aborted. */
function followed() {
  const clock = createFakeClock();
  const calls: { stream: string; query: PairQuery }[] = [];
  const woken: string[] = [];
  const answer =
    <Item>(stream: string, records: Item[]) =>
    async (query: PairQuery) => {
      calls.push({ stream, query });
      if (query.wait === 0) return { records, head: 0 };
      return new Promise<never>((_, reject) =>
        query.signal?.addEventListener("abort", () => reject(query.signal?.reason)),
      );
    };
  feed = createEvidenceFeed({
    collector: {
      comparisons: answer("comparisons", []),
      checks: answer("checks", []),
      ratings: answer("ratings", [rating]),
    },
    clock,
    logger: silentLogger(),
    wake: ({ name }) => woken.push(name),
  });
  const open = () => calls.filter(({ query }) => query.signal?.aborted === false && query.wait !== 0);
  return { feed, calls, open, woken, turn: () => clock.advance(0) };
}

it("follows the streams that are asked for, and no others", async () => {
  const { feed: evidence, calls, woken, turn } = followed();
  expect(evidence.read(CANARY, PAIR, { comparisons: null, ratings: null }).ratings.access.type).toBe("Unread");
  await turn();
  expect(new Set(calls.map(({ stream }) => stream))).toEqual(new Set(["comparisons", "ratings"]));
  expect(calls[0]?.query).toMatchObject({ namespace: "team", canary: "assistant", ...PAIR, cursor: null, wait: 0 });
  const read = evidence.read(CANARY, PAIR, { comparisons: null, ratings: null });
  expect(read.ratings).toEqual({ from: null, records: [rating], access: { type: "Readable" } });
  expect(read.checks.access.type).toBe("Unread");
  expect(woken).toContain("assistant");
});

it("lets go of a stream that is no longer asked for, and of all of them for another pair", async () => {
  const { feed: evidence, open, turn } = followed();
  evidence.read(CANARY, PAIR, { comparisons: null, ratings: null });
  await turn();
  expect(open()).toHaveLength(2);
  evidence.read(CANARY, PAIR, { comparisons: null });
  await turn();
  expect(open().map(({ stream }) => stream)).toEqual(["comparisons"]);
  evidence.read(CANARY, { ...PAIR, candidate: "cccccccccc" }, { comparisons: null });
  await turn();
  expect(open().map(({ query }) => query.candidate)).toEqual(["cccccccccc"]);
  evidence.forget(CANARY);
  expect(open()).toEqual([]);
});
