import { afterEach, expect, it } from "vitest";
import type { EvidenceStream, News } from "../../../../src/api/contracts/collector-api.ts";
import {
  createEvidenceFeed,
  type EvidenceFeed,
} from "../../../../src/controllers/preferencecanary/evidence/evidence-feed.ts";
import type { PairQuery } from "../../../../src/evidence/collector-client.ts";
import { createFakeClock } from "../../../../src/runtime/fake-clock.ts";
import { silentLogger } from "../../../../src/telemetry/logger.ts";

const CANARY = { namespace: "team", name: "assistant" };
const OTHER = { namespace: "team", name: "other" };
const PAIR = { candidate: "bbbbbbbbbb", stable: "aaaaaaaaaa" };
const at = "2026-01-01T00:00:00.000Z";
const rating = { sequence: 7, id: "r7", at, revision: PAIR.candidate, outcome: 1, unit: "0".repeat(64), vote: 1 };
const BOTH = { comparisons: null, ratings: null };

let feed: EvidenceFeed | undefined;
afterEach(() => feed?.stop());

/** A collector that answers at once, and whose news the test writes. */
function followed() {
  const clock = createFakeClock();
  const calls: { stream: string; query: PairQuery }[] = [];
  const woken: string[] = [];
  const lines: { say: (news: News) => void; breakOff: (why: string) => void; signal: AbortSignal | undefined }[] = [];
  const answer =
    <Item>(stream: string, records: Item[]) =>
    async (query: PairQuery) => {
      calls.push({ stream, query });
      return { records: query.cursor === null ? records : [], head: 0 };
    };
  feed = createEvidenceFeed({
    collector: {
      comparisons: answer("comparisons", []),
      checks: answer("checks", []),
      ratings: answer("ratings", [rating]),
      async *news(signal) {
        for (;;) {
          const { promise, resolve, reject } = Promise.withResolvers<News>();
          lines.push({ say: resolve, breakOff: (why) => reject(new Error(why)), signal });
          yield await promise;
        }
      },
    },
    clock,
    logger: silentLogger(),
    wake: ({ name }) => woken.push(name),
  });
  const turn = () => clock.advance(0);
  return {
    feed,
    calls,
    woken,
    lines,
    turn,
    wait: (ms: number) => clock.advance(ms),
    async say(...names: string[]) {
      lines.at(-1)?.say({ canaries: names.map((canary) => ({ namespace: "team", canary })) });
      await turn();
    },
    async sayOf(canary: string, stream: EvidenceStream) {
      lines.at(-1)?.say({ canaries: [{ namespace: "team", canary, stream }] });
      await turn();
    },
    async breakOff(why: string) {
      lines.at(-1)?.breakOff(why);
      await turn();
    },
  };
}

it("reads the streams that are asked for, and no others, once it would hear of what is new", async () => {
  const { feed: evidence, calls, woken, say } = followed();
  expect(evidence.read(CANARY, PAIR, BOTH).ratings.access.type).toBe("Unread");
  expect(calls).toEqual([]);
  await say();
  expect(new Set(calls.map(({ stream }) => stream))).toEqual(new Set(["comparisons", "ratings"]));
  expect(calls[0]?.query).toMatchObject({ namespace: "team", canary: "assistant", ...PAIR, cursor: null });
  const read = evidence.read(CANARY, PAIR, BOTH);
  expect(read.ratings).toEqual({ from: null, records: [rating], access: { type: "Readable" } });
  expect(read.checks.access.type).toBe("Unread");
  expect(woken).toContain("assistant");
});

it("reads again what there is news of, and nothing else", async () => {
  const { feed: evidence, calls, say, turn, lines } = followed();
  evidence.read(CANARY, PAIR, BOTH);
  await say();
  evidence.read(OTHER, PAIR, { comparisons: null });
  await turn();
  calls.length = 0;
  await say("other", "unknown");
  expect(calls.map(({ query }) => query.canary)).toEqual(["other"]);
  expect(new Set(lines.map(({ signal }) => signal))).toHaveLength(1);
});

it("reads comparisons with the baseline, where there is one, and with another one from their beginning", async () => {
  const { feed: evidence, calls, say, turn } = followed();
  const cursor = { sequence: 7, id: "r7" };
  evidence.read(CANARY, { ...PAIR, against: "rival:80" }, { comparisons: cursor, ratings: null });
  await say();
  evidence.read(CANARY, { ...PAIR, against: "other:80" }, { comparisons: null, ratings: cursor });
  await turn();
  expect(calls.map(({ stream, query }) => [stream, query.stable, query.cursor])).toEqual([
    ["comparisons", "aaaaaaaaaa/rival:80", cursor],
    ["ratings", "aaaaaaaaaa", null],
    ["comparisons", "aaaaaaaaaa/other:80", null],
    ["ratings", "aaaaaaaaaa", cursor],
  ]);
});

it("reads ratings from when the candidate first served, and no other stream anew when that comes to be known", async () => {
  const { feed: evidence, calls, say, turn } = followed();
  const [one, other] = ["2026-01-02T00:00:00.000Z", "2026-01-03T00:00:00.000Z"];
  evidence.read(CANARY, PAIR, { comparisons: null });
  await say();
  for (const firstServed of [one, one, other]) {
    evidence.read(CANARY, { ...PAIR, firstServed }, BOTH);
    await turn();
  }
  expect(calls.map(({ stream, query }) => [stream, query.since])).toEqual([
    ["comparisons", undefined],
    ["ratings", one],
    ["ratings", other],
  ]);
});

it("reads the stream alone that is named", async () => {
  const { feed: evidence, calls, say, sayOf } = followed();
  evidence.read(CANARY, PAIR, BOTH);
  await say();
  calls.length = 0;
  await sayOf("assistant", "ratings");
  await sayOf("assistant", "checks");
  expect(calls.map(({ stream }) => stream)).toEqual(["ratings"]);
});

it("holds nothing for readable while the news are lost, and reads all of it again after", async () => {
  const { feed: evidence, calls, woken, say, breakOff, wait } = followed();
  evidence.read(CANARY, PAIR, BOTH);
  await say();
  woken.length = 0;
  await breakOff("connection reset");
  const lost = { type: "Unreadable", problem: "connection reset" };
  expect(evidence.read(CANARY, PAIR, BOTH).ratings).toMatchObject({ records: [rating], access: lost });
  expect(woken).toEqual(["assistant", "assistant"]);
  expect(evidence.read(OTHER, PAIR, BOTH).comparisons.access).toEqual(lost);
  calls.length = 0;
  await wait(2_000);
  expect(calls).toEqual([]);
  await say();
  expect(calls.map(({ query }) => query.canary).toSorted()).toEqual(["assistant", "assistant", "other", "other"]);
  expect(evidence.read(CANARY, PAIR, BOTH).ratings.access.type).toBe("Readable");
});

it("lets go of a stream that is no longer asked for, and of all of them for another pair", async () => {
  const { feed: evidence, calls, say, lines } = followed();
  const askedFor = async () => {
    calls.length = 0;
    await say("assistant");
    return calls.map(({ stream, query }) => `${stream} of ${query.candidate}`);
  };
  evidence.read(CANARY, PAIR, BOTH);
  await say();
  evidence.read(CANARY, PAIR, { comparisons: null });
  expect(await askedFor()).toEqual([`comparisons of ${PAIR.candidate}`]);
  evidence.read(CANARY, { ...PAIR, candidate: "cccccccccc" }, { comparisons: null });
  expect(await askedFor()).toEqual(["comparisons of cccccccccc"]);
  evidence.forget(CANARY);
  expect(await askedFor()).toEqual([]);
  evidence.stop();
  expect(lines.at(-1)?.signal?.aborted).toBe(true);
});

it("follows every pair of a selection, and lets go of one that is in it no more", async () => {
  const { feed: evidence, calls, say } = followed();
  const other = { ...PAIR, candidate: "cccccccccc" };
  const both = [
    [PAIR, { ratings: null }],
    [other, { comparisons: null }],
  ] as const;
  evidence.readEach(CANARY, both);
  await say();
  expect(calls.map(({ stream, query }) => `${stream} of ${query.candidate}`).toSorted()).toEqual([
    "comparisons of cccccccccc",
    `ratings of ${PAIR.candidate}`,
  ]);
  expect(evidence.readEach(CANARY, both).map(({ ratings }) => ratings.records)).toEqual([[rating], []]);
  calls.length = 0;
  evidence.readEach(CANARY, [[other, { comparisons: null }]]);
  await say("assistant");
  expect(calls.map(({ query }) => query.candidate)).toEqual(["cccccccccc"]);
  calls.length = 0;
  evidence.read(CANARY, other, { comparisons: null });
  expect(calls).toEqual([]);
  expect(evidence.read(CANARY, other, { comparisons: null }).comparisons.access.type).toBe("Readable");
});
