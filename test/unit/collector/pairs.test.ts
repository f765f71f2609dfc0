import { expect, test } from "vitest";
import { choose, comparisons, DATASET, lease, movableClock, pairOf, postPairs } from "./judging.ts";
import { startCollector } from "./running-collector.ts";

const FAILED = { error: "timed out after 10 s" };

test("what a labeler sees holds no revision, and both orders come up", async () => {
  await using collector = await startCollector();
  await postPairs(collector, ...Array.from({ length: 40 }, (_, index) => pairOf(`p${index}`)));
  const pairs = await lease(collector, "ann", { count: 40 });
  expect(Object.keys(pairs[0] ?? {}).sort()).toEqual(["a", "b", "expiresAt", "id", "lease", "prompt"]);
  expect(JSON.stringify(pairs)).not.toMatch(/5ab1e|ca4d1|assistant|stable|candidate/);
  const oldFirst = pairs.filter(({ a }) => a.startsWith("old")).length;
  expect(oldFirst).toBeGreaterThan(8);
  expect(oldFirst).toBeLessThan(32);
});

test("two labelers never hold the same pair at the same time", async () => {
  await using collector = await startCollector();
  await postPairs(collector, ...Array.from({ length: 10 }, (_, index) => pairOf(`p${index}`)));
  const leases = await Promise.all(["ann", "bob", "cyd"].map((labeler) => lease(collector, labeler, { count: 5 })));
  const ids = leases.flat().map(({ id }) => id);
  expect(ids).toHaveLength(10);
  expect(new Set(ids).size).toBe(10);
});

test("an expired lease returns to the queue, for another labeler than the one who had it", async () => {
  const clock = movableClock();
  await using collector = await startCollector({ dependencies: { clock } });
  await postPairs(collector, pairOf("p"));
  const [first] = await lease(collector, "ann", { seconds: 30 });
  expect(await lease(collector, "bob")).toEqual([]);
  clock.move(30_001);
  expect(await lease(collector, "ann")).toEqual([]);
  const [second] = await lease(collector, "bob");
  expect(second?.id).toBe("p");
  expect(second?.lease).not.toBe(first?.lease);
});

test("a choice after its lease expired counts while nobody else has the pair, and not once somebody has", async () => {
  const clock = movableClock();
  await using collector = await startCollector({ dependencies: { clock } });
  await postPairs(collector, pairOf("p"), pairOf("q"));
  const [p, q] = await lease(collector, "ann", { seconds: 1 });
  if (p === undefined || q === undefined) throw new Error("no lease");
  clock.move(2_000);
  const late = await collector.call("POST", `${DATASET}/choices`, { choices: [choose(p, "ann", "new")] });
  expect(late.status).toBe(200);
  expect((await lease(collector, "bob")).map(({ id }) => id)).toEqual(["q"]);
  const lost = await collector.call("POST", `${DATASET}/choices`, { choices: [choose(q, "ann", "new")] });
  expect(lost).toMatchObject({ status: 422, body: { error: { reason: "LeaseLost", path: "choices[0].lease" } } });
});

test("pairs of the newest revisions go first, the others after them by age", async () => {
  await using collector = await startCollector();
  const other = { candidate: undefined, other: { revision: "5ab1e00000", text: "second" } };
  const newer = { candidate: { revision: "0e3e3e3e30", text: "newer" } };
  await postPairs(collector, pairOf("alone", other), pairOf("first"), pairOf("newest", newer));
  expect((await lease(collector, "ann")).map(({ id }) => id)).toEqual(["newest", "alone", "first"]);
});

test("pairs of all that are compared by turns are the newest, until one of them is compared no more", async () => {
  const clock = movableClock();
  await using collector = await startCollector({ dependencies: { clock } });
  const other = { candidate: undefined, other: { revision: "5ab1e00000", text: "second" } };
  const of = (revision: string, ...beside: string[]) => ({ candidate: { revision, text: `new ${revision}` }, beside });
  const [red, green, blue] = ["4ed0000000", "94ee000000", "b1e0000000"];
  const all = [red, green, blue];
  await postPairs(
    collector,
    pairOf("alone", other),
    pairOf("red-1", of(red, ...all)),
    pairOf("green-1", of(green, ...all)),
  );
  await postPairs(collector, pairOf("blue-1", of(blue, ...all)));
  expect((await lease(collector, "ann", { seconds: 1 })).map(({ id }) => id)).toEqual([
    "red-1",
    "green-1",
    "blue-1",
    "alone",
  ]);
  clock.move(2_000);
  await postPairs(collector, pairOf("green-2", of(green, green, blue)));
  expect((await lease(collector, "bob")).map(({ id }) => id)).toEqual([
    "green-1",
    "blue-1",
    "green-2",
    "alone",
    "red-1",
  ]);
});

const ALONE = { candidate: undefined, other: { revision: "5ab1e00000", text: "second" } };

test("where no run waits, pairs by chance and pairs to learn from come as they were posted, and are dropped so", async () => {
  await using collector = await startCollector({ config: { queueLimit: 3 } });
  const toLearn = { ...ALONE, training: true };
  await postPairs(collector, pairOf("chance-1", ALONE), pairOf("unsure-1", toLearn), pairOf("chance-2", ALONE));
  await postPairs(collector, pairOf("unsure-2", toLearn));
  expect((await lease(collector, "ann")).map(({ id }) => id)).toEqual(["unsure-1", "chance-2", "unsure-2"]);
});

test("what a run of one canary waits for comes before what is asked of another's stable", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("idle", { ...ALONE, canary: "idle" }), pairOf("run"));
  expect((await lease(collector, "ann")).map(({ id }) => id)).toEqual(["run", "idle"]);
});

test("a pair to learn from waits behind those of a run, and is dropped before them", async () => {
  await using collector = await startCollector({ config: { queueLimit: 4 } });
  const other = { ...ALONE, training: true };
  await postPairs(collector, pairOf("a"), pairOf("unsure", other), pairOf("b"));
  expect((await lease(collector, "ann", { seconds: 1, count: 1 })).map(({ id }) => id)).toEqual(["a"]);
  expect((await lease(collector, "bob", { count: 1 })).map(({ id }) => id)).toEqual(["b"]);
  await postPairs(collector, pairOf("c"), pairOf("d"));
  expect((await lease(collector, "ann")).map(({ id }) => id)).toEqual(["c", "d"]);
});

test("what is chosen of a pair to learn from is a preference and no comparison", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("unsure", { ...ALONE, training: true }));
  const [pair] = await lease(collector, "ann");
  if (pair === undefined) throw new Error("no lease");
  const { status } = await collector.call("POST", `${DATASET}/choices`, { choices: [choose(pair, "ann", "second")] });
  expect(status).toBe(200);
  const stored = await collector.call("GET", `${DATASET}/preferences`);
  expect(JSON.parse(stored.body)).toMatchObject({ prompt: "prompt of unsure", chosen: "second", training: true });
  expect((await comparisons(collector)).body.records).toEqual([]);

  const again = { ...choose(pair, "ann", "old"), id: "again" };
  await collector.call("POST", `${DATASET}/choices`, { choices: [again] });
  const corrected = await collector.call("GET", `${DATASET}/preferences`);
  expect(JSON.parse(corrected.body)).toMatchObject({ chosen: "old unsure", training: true });
});

test("a full queue drops the oldest of former revisions, then the oldest, and never what somebody holds", async () => {
  await using collector = await startCollector({ config: { queueLimit: 3 } });
  const older = { candidate: { revision: "01d0000000", text: "older" } };
  await postPairs(collector, pairOf("former-1", older), pairOf("former-2", older));
  expect((await lease(collector, "ann", { count: 1 })).map(({ id }) => id)).toEqual(["former-1"]);
  await postPairs(collector, pairOf("a"), pairOf("b"), pairOf("c"));
  expect((await lease(collector, "bob")).map(({ id }) => id)).toEqual(["b", "c"]);
  const refused = await collector.call("POST", `${DATASET}/pairs`, pairOf("d"));
  expect(refused.body).toEqual({ queued: false, reason: "QueueFull" });
});

test("identical answers are not queued", async () => {
  await using collector = await startCollector();
  const same = { candidate: { revision: "ca4d1da7e0", text: "old p" } };
  const { body } = await collector.call("POST", `${DATASET}/pairs`, pairOf("p", same));
  expect(body).toEqual({ queued: false, reason: "Identical" });
  expect(await lease(collector, "ann")).toEqual([]);
});

test.each([
  ["the candidate fails", { candidate: { revision: "ca4d1da7e0", ...FAILED } }, "Decided", [0]],
  ["stable fails", { stable: { revision: "5ab1e00000", ...FAILED } }, "Decided", [1]],
  [
    "both fail",
    { stable: { revision: "5ab1e00000", ...FAILED }, candidate: { revision: "ca4d1da7e0", ...FAILED } },
    "Failed",
    [],
  ],
  [
    "one of two of stable's fails",
    { candidate: undefined, other: { revision: "5ab1e00000", ...FAILED } },
    "Failed",
    [],
  ],
])("where %s the pair is settled at once", async (_what, over, reason, outcomes) => {
  await using collector = await startCollector();
  const posted = await collector.call("POST", `${DATASET}/pairs`, pairOf("p", over));
  expect(posted.body).toMatchObject({ queued: false, reason });
  expect(await lease(collector, "ann")).toEqual([]);
  const { body } = await comparisons(collector);
  expect(body.records.map(({ outcome }: { outcome: number }) => outcome)).toEqual(outcomes);
  const again = await collector.call("POST", `${DATASET}/pairs`, pairOf("p", over));
  expect(again.body).toEqual(posted.body);
  expect((await comparisons(collector)).body.records).toHaveLength(outcomes.length);
});

test("the same pair again is queued once, another one under its id is refused", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"), pairOf("p"));
  expect(await lease(collector, "ann")).toHaveLength(1);
  await postPairs(collector, pairOf("q", ALONE));
  for (const another of [pairOf("p", { prompt: "another" }), pairOf("q", { ...ALONE, training: true })]) {
    const other = await collector.call("POST", `${DATASET}/pairs`, another);
    expect(other).toMatchObject({ status: 409, body: { error: { reason: "IdMismatch", path: "id" } } });
  }
});

test.each([
  ["both a candidate and another", { other: { revision: "5ab1e00000", text: "t" } }, "candidate"],
  ["neither", { candidate: undefined }, "candidate"],
  ["stable's revision as candidate", { candidate: { revision: "5ab1e00000", text: "t" } }, "candidate.revision"],
  [
    "another revision as stable's second",
    { candidate: undefined, other: { revision: "x", text: "t" } },
    "other.revision",
  ],
  ["a candidate, to learn from", { training: true }, "training"],
  ["an empty prompt", { prompt: "" }, "prompt"],
  ["neither text nor error", { stable: { revision: "5ab1e00000" } }, "stable"],
])("a pair with %s is refused by field", async (_what, over, path) => {
  await using collector = await startCollector();
  const answer = await collector.call("POST", `${DATASET}/pairs`, pairOf("p", over));
  expect(answer).toMatchObject({ status: 422, body: { error: { reason: "Invalid", path } } });
});
