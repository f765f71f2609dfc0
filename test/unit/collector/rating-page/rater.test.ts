import { expect, test } from "vitest";
import type { Choice } from "../../../../src/api/contracts/collector-api.ts";
import type { Collector, Problem } from "../../../../src/collector/rating-page/collector.js";
import { createRater, type State } from "../../../../src/collector/rating-page/rater.js";
import { NEW_SITTING, type Sitting } from "../../../../src/collector/rating-page/sitting.js";

const AWAY: Problem = { kind: "Away", message: "it does not answer" };
const NO_ACCESS: Problem = { kind: "NoAccess", message: "the token is expired" };

/** A collector with endless pairs that fails as it is told, and a rater of it whose sleeps end when the test says so. */
function stage(sitting: Sitting = NEW_SITTING) {
  const failures: { lease: Problem[]; send: (Problem | "lost")[] } = { lease: [], send: [] };
  const stored = new Map<string, Choice>();
  const sent: (readonly Choice[])[] = [];
  const slept: number[] = [];
  const seen: State[] = [];
  const ends: Problem[] = [];
  let leased = 0;
  let isWatched = true;
  let rouse: (() => void)[] = [];

  const collector: Collector = {
    async lease(_labeler, count) {
      const failure = failures.lease.shift();
      if (failure !== undefined) return failure;
      const pairs = Array.from({ length: count }, () => {
        leased += 1;
        return { id: `p${leased}`, lease: `l${leased}`, prompt: "", a: "", b: "", expiresAt: "" };
      });
      return { kind: "Done", body: { pairs } };
    },
    async send(choices) {
      sent.push(choices);
      const failure = failures.send.shift();
      if (failure !== undefined && failure !== "lost") return failure;
      const results = choices.map((choice, index) => {
        const result = stored.has(choice.id) ? ("Duplicate" as const) : ("Accepted" as const);
        stored.set(choice.id, choice);
        return { index, id: choice.id, result, sequence: 1, at: "" };
      });
      return failure === "lost" ? AWAY : { kind: "Done", body: { results, rejected: [] } };
    },
  };
  const rater = createRater({
    collector,
    labeler: "ann",
    sitting,
    now: () => 0,
    sleep(milliseconds) {
      slept.push(milliseconds);
      return new Promise((resolve) => rouse.push(resolve));
    },
    isWatched: () => isWatched,
    changed: (state) => void seen.push(state),
    ended: (problem) => void ends.push(problem),
  });

  return {
    ...{ rater, failures, stored, sent, slept, ends, leased: () => leased },
    last: () => seen.at(-1) ?? expect.fail("nothing was shown"),
    watch(watched: boolean) {
      isWatched = watched;
    },
    /** Everything that can happen without time passing. */
    settle: () => new Promise((resolve) => setImmediate(resolve)),
    async sleepsEnd() {
      const all = rouse;
      rouse = [];
      for (const end of all) end();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test("pairs are fetched ahead, and each choice makes room for one more", async () => {
  const { rater, settle, last, leased, stored } = stage();
  rater.wake();
  await settle();
  expect(last().sitting.current?.pair.id).toBe("p1");
  expect(last().sitting.ahead).toHaveLength(3);
  rater.act("A");
  expect(last().sitting.current?.pair.id).toBe("p2");
  await settle();
  expect(leased()).toBe(5);
  expect([...stored.values()]).toMatchObject([{ pair: "p1", choice: "A", labeler: "ann" }]);
  expect(last().sitting).toMatchObject({ judged: 1, unsent: [] });
});

test("a collector that is away is asked again, less and less often, and gets every choice once", async () => {
  const { rater, settle, sleepsEnd, last, failures, stored, slept } = stage();
  rater.wake();
  await settle();
  failures.send.push(AWAY, AWAY, AWAY, AWAY, AWAY);
  failures.lease.push(AWAY, AWAY, AWAY, AWAY, AWAY);
  rater.act("A");
  rater.act("B");
  for (let tries = 0; tries < 5; tries += 1) {
    await settle();
    expect(last()).toMatchObject({ away: "it does not answer", sitting: { judged: 0 } });
    await sleepsEnd();
  }
  expect(slept.filter((_, i) => i % 2 === 0)).toEqual([500, 1_000, 2_000, 4_000, 5_000]);
  expect([...stored.values()].map(({ choice }) => choice)).toEqual(["A", "B"]);
  expect(last()).toMatchObject({ away: "", sitting: { judged: 2, unsent: [] } });
});

test("a choice whose acknowledgement is lost is sent again as the same one", async () => {
  const { rater, settle, sleepsEnd, last, failures, stored, sent } = stage();
  rater.wake();
  await settle();
  failures.send.push("lost");
  rater.act("Tie");
  await settle();
  await sleepsEnd();
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
  expect(stored.size).toBe(1);
  expect(last().sitting).toMatchObject({ judged: 1, unsent: [] });
});

test("a choice that is changed is sent after the first one, as another, and is not judged twice", async () => {
  const { rater, settle, last, stored, sleepsEnd, failures } = stage();
  rater.act("Change");
  rater.wake();
  await settle();
  failures.send.push(AWAY);
  rater.act("A");
  rater.act("Change");
  expect(last().sitting.current).toMatchObject({ pair: { id: "p1" }, said: { choice: "A", version: 1 } });
  rater.act("B");
  expect(last().sitting.current?.pair.id).toBe("p2");
  await settle();
  await sleepsEnd();
  expect([...stored.values()].map(({ id, choice }) => [id, choice])).toEqual([
    ["l1", "A"],
    ["l1/2", "B"],
  ]);
  expect(last().sitting).toMatchObject({ judged: 1, unsent: [] });
});

test("a rater whose token expires keeps the choice for the next token, and sends nothing until then", async () => {
  const before = stage();
  before.rater.wake();
  await before.settle();
  before.failures.send.push(NO_ACCESS);
  before.rater.act("A");
  await before.settle();
  expect(before.ends).toEqual([NO_ACCESS]);
  before.rater.wake();
  await before.sleepsEnd();
  expect(before.sent).toHaveLength(1);

  const after = stage(before.last().sitting);
  after.rater.wake();
  await after.settle();
  expect([...after.stored.values()]).toMatchObject([{ pair: "p1", choice: "A" }]);
});

test("what was in hand is shown at once, though there is nothing to fetch or to send", async () => {
  const held = { pair: { id: "p", lease: "l", prompt: "", a: "", b: "", expiresAt: "" }, until: 1 };
  const { rater, last, leased, settle } = stage({
    current: held,
    ahead: [held, held, held],
    unsent: [],
    judged: 7,
    last: null,
  });
  rater.wake();
  expect(last().sitting).toMatchObject({ current: held, judged: 7 });
  await settle();
  expect(leased()).toBe(0);
});

test("nothing is fetched for a tab that nobody looks at", async () => {
  const { rater, settle, leased, watch } = stage();
  watch(false);
  rater.wake();
  await settle();
  expect(leased()).toBe(0);
  watch(true);
  rater.wake();
  await settle();
  expect(leased()).toBe(4);
});

test("a browser that is online again does not wait for the next try", async () => {
  const { rater, settle, failures, last } = stage();
  failures.lease.push(AWAY);
  rater.wake();
  await settle();
  expect(last().away).toBe("it does not answer");
  rater.wake();
  await settle();
  expect(last()).toMatchObject({ away: "", sitting: { current: { pair: { id: "p1" } } } });
});
