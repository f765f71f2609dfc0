import { expect, test } from "vitest";
import type { Comparison, Cursor } from "../../../src/api/contracts/collector-api.ts";
import { CursorUnknown } from "../../../src/evidence/collector-error.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { openContest } from "../../../src/sampler/contest.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { chat, eventually, mirror, serveCollector, serveModel, startSampler } from "./local-servers.ts";

const REQUEST = { path: "/v1/chat/completions", body: {}, prompt: "Hi", size: 2 };
const [RED, GREEN] = ["4ed0000000", "94ee000000"] as const;

/** Comparisons of distinct prompts by distinct raters; of the second vote on a prompt where it says so. */
function compared(outcomes: readonly (0 | 1)[], vote = 1): Comparison[] {
  return outcomes.map((outcome, index) => ({
    sequence: index + 1,
    id: `c${index}`,
    at: "2026-01-01T00:00:00.000Z",
    outcome,
    unit: "0".repeat(64),
    vote,
    raterVote: 1,
    labeler: "ann",
    cohort: null,
  }));
}

/** A contest of two between whom chance is asked for by the test; `of` is what the collector has of each. */
function contest(of: Record<string, Comparison[]>, baseline?: { revision: string; url: string }) {
  const clock = createFakeClock();
  const state = { random: 0, down: false, restored: false };
  const cursors: (Cursor | null)[] = [];
  const against = new Set<string>();
  const arm = openContest(
    {
      namespace: "support",
      canary: "assistant",
      stable: { revision: "aaaaaaaaaa", url: "http://stable" },
      baseline,
      selection: {
        contenders: [RED, GREEN].map((revision) => ({ revision, url: "http://contender" })),
        minShare: 0.1,
        betting: { unit: "Prompt", votesPerUnit: 1 },
      },
    },
    {
      client: {
        async comparisons({ candidate, stable, cursor, limit = 0 }) {
          against.add(stable);
          cursors.push(cursor);
          if (state.down) throw new Error("down");
          if (state.restored && cursor !== null) throw new CursorUnknown(410, "restored");
          const after = (of[candidate] ?? []).filter(({ sequence }) => sequence > (cursor?.sequence ?? 0));
          return { records: after.slice(0, limit), head: 0 };
        },
      },
      open: ({ revision }) => ({
        ask: async () => ({ answer: { revision, text: "" }, result: "Text" }),
        close: async () => undefined,
      }),
      clock,
      random: () => state.random,
      logger: silentLogger(),
    },
  );
  const { signal } = new AbortController();
  return {
    state,
    cursors,
    against,
    arm,
    wait: (ms: number) => clock.advance(ms),
    async shareOfRed() {
      let asked = 0;
      for (let i = 0; i < 100; i++) {
        state.random = i / 100;
        const { answer } = await arm.ask(REQUEST, 1, signal);
        if (answer.revision === RED) asked++;
      }
      return asked;
    },
  };
}

test("contenders that nothing is known of are asked alike", async () => {
  const { shareOfRed } = contest({});
  expect(await shareOfRed()).toBe(50);
});

test("the one that wins more is asked more, and the other not less than its least share", async () => {
  const of = { [RED]: compared(Array<1>(40).fill(1)), [GREEN]: compared(Array<0>(40).fill(0)) };
  const { shareOfRed, wait } = contest(of);
  await wait(0);
  expect(await shareOfRed()).toBe(90);
});

test("what has come since counts at the next look, from where it was", async () => {
  const of: Record<string, Comparison[]> = { [RED]: compared([1, 1]) };
  const { shareOfRed, wait, cursors } = contest(of);
  await wait(0);
  const before = await shareOfRed();
  of[GREEN] = compared(Array<1>(60).fill(1));
  await wait(5_000);
  expect(await shareOfRed()).toBeLessThan(before);
  expect(cursors.at(-2)).toEqual({ sequence: 2, id: "c1" });
});

test("every page of what there is counts", async () => {
  const many = compared(Array.from({ length: 2_500 }, (_, i) => (i < 1_000 ? 0 : 1)));
  const { shareOfRed, wait } = contest({ [RED]: many, [GREEN]: compared(Array<0>(30).fill(0)) });
  await wait(0);
  expect(await shareOfRed()).toBe(90);
});

test("only the votes count that are bets", async () => {
  const { shareOfRed, wait } = contest({ [RED]: compared(Array<0>(40).fill(0), 2) });
  await wait(0);
  expect(await shareOfRed()).toBe(50);
});

test("a collector that is away leaves the shares as they are, and one that was restored is read anew", async () => {
  const of: Record<string, Comparison[]> = { [RED]: compared(Array<1>(40).fill(1)), [GREEN]: compared([0, 0]) };
  const { shareOfRed, wait, state } = contest(of);
  await wait(0);
  const before = await shareOfRed();
  state.down = true;
  await wait(5_000);
  expect(await shareOfRed()).toBe(before);
  Object.assign(state, { down: false, restored: true });
  of[RED] = [];
  of[GREEN] = [];
  await wait(10_000);
  expect(await shareOfRed()).toBe(50);
});

test("nothing is read after it is closed", async () => {
  const { arm, wait, cursors } = contest({});
  await wait(0);
  await arm.close();
  const before = cursors.length;
  await wait(60_000);
  expect(cursors).toHaveLength(before);
});

test("a sampler asks stable and one contender, and says which others there are", async () => {
  const [stable, red, green] = [await serveModel("stable"), await serveModel("red"), await serveModel("green")];
  const collector = await serveCollector();
  const selection = {
    contenders: [
      { revision: RED, url: red.url },
      { revision: GREEN, url: green.url },
    ],
    minShare: 0.25,
    betting: { unit: "Prompt", votesPerUnit: 1 },
  } as const;
  const sampler = await startSampler({
    collector: collector.url,
    stable: stable.url,
    selection: { ...selection, contenders: [...selection.contenders] },
  });
  for (let i = 0; i < 30; i++) await mirror(sampler, "/v1/chat/completions", chat(`request ${i}`));
  await eventually(() => expect(collector.pairs).toHaveLength(30));
  expect(stable.asked).toHaveLength(30);
  expect(red.asked.length + green.asked.length).toBe(30);
  for (const { candidate, beside } of collector.pairs) {
    expect([RED, GREEN]).toContain(candidate?.revision);
    expect(beside).toEqual([RED, GREEN]);
  }
  expect(new Set(collector.pairs.map(({ candidate }) => candidate?.revision)).size).toBe(2);
});

test("contenders are asked by what each has won against the baseline, where there is one", async () => {
  const rival = { revision: "aaaaaaaaaa/rival:8000", url: "http://rival:8000" };
  const { against, arm } = contest({}, rival);
  await eventually(() => expect([...against]).toEqual([rival.revision]));
  await arm.close();
});
