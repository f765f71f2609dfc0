import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { BlindPair } from "../../../src/api/contracts/collector-api.ts";
import { openDatabase } from "../../../src/collector/sqlite/database.ts";
import { choose, comparisons, DATASET, lease, movableClock, pairOf, postPairs, preferences } from "./judging.ts";
import { startCollector, type TestCollector } from "./running-collector.ts";

/** The pair that this labeler has now. */
async function leased(collector: TestCollector, labeler: string): Promise<BlindPair> {
  const [pair] = await lease(collector, labeler, { count: 1 });
  return pair ?? expect.fail("no lease");
}

function send(collector: TestCollector, ...choices: object[]) {
  return collector.call("POST", `${DATASET}/choices`, { choices });
}

async function head(collector: TestCollector, after = 0) {
  return (await collector.call("GET", `${DATASET}/head?after=${after}`)).body;
}

test("who has judged a pair may judge it again: the first choice stays the comparison that it was, the dataset has the newest", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"));
  const pair = await leased(collector, "ann");
  const first = choose(pair, "ann", "new");
  await send(collector, first);
  const before = (await comparisons(collector)).body.records;
  const corrected = await send(collector, { ...choose(pair, "ann", "old"), id: "again" });
  expect(corrected.body.results).toMatchObject([{ id: "again", result: "Accepted", sequence: 2 }]);

  const { records, head: newest } = (await comparisons(collector)).body;
  expect(records).toEqual([
    before[0],
    { ...before[0], sequence: 2, id: expect.any(String), at: corrected.body.results[0].at, outcome: 0, corrects: 1 },
  ]);
  expect(newest).toBe(2);
  expect(await preferences(collector)).toMatchObject([{ sequence: 2, id: "again", chosen: "old p", labeler: "ann" }]);
});

test("every version names the first one, and tie and preference can be changed into each other", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"));
  const pair = await leased(collector, "ann");
  const versions = [choose(pair, "ann", "new"), { ...choose(pair, "ann", "new"), choice: "Tie" }];
  const seen = [];
  for (const [index, version] of [...versions, choose(pair, "ann", "old")].entries()) {
    expect((await send(collector, { ...version, id: `version ${index}` })).status).toBe(200);
    seen.push([(await preferences(collector)).map(({ chosen }: { chosen: string }) => chosen), await head(collector)]);
  }
  expect(seen).toEqual([
    [["new p"], { sequence: 1, preferences: 1, newer: 1 }],
    [[], { sequence: 2, preferences: 0, newer: 1 }],
    [["old p"], { sequence: 3, preferences: 1, newer: 2 }],
  ]);
  expect((await comparisons(collector)).body.records).toMatchObject([
    { outcome: 1 },
    { outcome: 0.5, corrects: 1 },
    { outcome: 0, corrects: 1 },
  ]);
});

test("what was read up to a number is read again as it was, whatever was corrected since", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"), pairOf("q"));
  const [p, q] = [await leased(collector, "ann"), await leased(collector, "ann")];
  await send(collector, choose(p, "ann", "new"), choose(q, "ann", "new"));
  const before = await preferences(collector, "?until=2");
  await send(collector, { ...choose(p, "ann", "old"), id: "again" });
  expect(await preferences(collector, "?until=2")).toEqual(before);
  expect(await preferences(collector)).toMatchObject([{ prompt: q.prompt }, { id: "again" }]);
  expect(await head(collector, 2)).toEqual({ sequence: 3, preferences: 2, newer: 1 });
});

test("a correction is no vote: the next ones on the prompt, and of the rater, are numbered as without it", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p", { prompt: "same" }), pairOf("q", { prompt: "same" }));
  const p = await leased(collector, "ann");
  await send(collector, choose(p, "ann", "new"), { ...choose(p, "ann", "old"), id: "again" });
  await send(collector, choose(await leased(collector, "ann"), "ann", "new"));
  expect((await comparisons(collector)).body.records).toMatchObject([
    { vote: 1, raterVote: 1 },
    { vote: 1, raterVote: 1, corrects: 1 },
    { vote: 2, raterVote: 2 },
  ]);
});

test("the first choice sent again, also after its correction, is the record that it was and changes nothing back", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"));
  const pair = await leased(collector, "ann");
  const [first, again] = [choose(pair, "ann", "new"), { ...choose(pair, "ann", "old"), id: "again" }];
  await send(collector, first, again);
  const { results } = (await send(collector, first, again)).body;
  expect(results).toMatchObject([
    { result: "Duplicate", sequence: 1 },
    { result: "Duplicate", sequence: 2 },
  ]);
  expect(await preferences(collector)).toMatchObject([{ chosen: "old p" }]);
  const underItsId = await send(collector, { ...first, choice: "Tie" });
  expect(underItsId).toMatchObject({ status: 422, body: { error: { reason: "IdMismatch" } } });
});

test("nobody corrects what somebody else chose, nor says the same again as something new", async () => {
  const clock = movableClock();
  await using collector = await startCollector({ dependencies: { clock } });
  await postPairs(collector, pairOf("p"));
  const old = (await lease(collector, "bob", { seconds: 1 }))[0] ?? expect.fail("no lease");
  clock.move(2_000);
  const pair = await leased(collector, "ann");
  await send(collector, choose(pair, "ann", "new"));
  const forged = { ...choose(pair, "ann", "old"), id: "forged" };
  const { body } = await send(
    collector,
    { ...choose(old, "bob", "old"), choice: "Tie" },
    { ...forged, labeler: "bob" },
    { ...forged, lease: "0".repeat(32) },
    { ...forged, pair: "unknown" },
    { ...choose(pair, "ann", "new"), id: "the same" },
  );
  expect(body.rejected.map(({ reason }: { reason: string }) => reason)).toEqual([
    "AlreadyJudged",
    "LeaseUnknown",
    "LeaseUnknown",
    "PairUnknown",
    "AlreadyJudged",
  ]);
  expect((await comparisons(collector)).body.records).toHaveLength(1);
});

test("a choice between two answers of stable's is corrected too", async () => {
  await using collector = await startCollector();
  const other = { revision: "5ab1e00000", text: "second p" };
  await postPairs(collector, pairOf("p", { candidate: undefined, other }));
  const pair = await leased(collector, "ann");
  await send(collector, choose(pair, "ann", "second"), { ...choose(pair, "ann", "old"), id: "again" });
  expect(await preferences(collector)).toMatchObject([{ id: "again", chosen: "old p" }]);
  expect((await comparisons(collector)).body.records).toEqual([]);
});

test("a choice that a store has from before it kept versions stays as it is", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "dpo-corrections-"));
  onTestFinished(() => rm(dataDir, { recursive: true }));
  const before = await startCollector({ dataDir });
  await postPairs(before, pairOf("p"));
  const pair = await leased(before, "ann");
  await send(before, choose(pair, "ann", "new"));
  await before[Symbol.asyncDispose]();
  const db = openDatabase(dataDir);
  db.exec("DELETE FROM choices");
  db.close();

  await using collector = await startCollector({ dataDir });
  const refused = await send(collector, { ...choose(pair, "ann", "old"), id: "again" });
  expect(refused).toMatchObject({ status: 422, body: { error: { reason: "AlreadyJudged" } } });
});

test("a judge may say how probable it is that A is better: so much is the comparison, and the more probable answer is the preference", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"), pairOf("q"));
  const [p, q] = [await leased(collector, "judge"), await leased(collector, "judge")];
  const isNewA = p.a.startsWith("new");
  const said = { ...choose(p, "judge", "new"), choice: isNewA ? 0.75 : 0.25 };
  expect((await send(collector, said, { ...choose(q, "judge", "new"), choice: 0.5 })).status).toBe(200);
  const refused = await send(collector, { ...said, id: "other", choice: 1.5 });
  expect(refused.body.rejected).toMatchObject([{ path: "choices[0].choice", message: expect.stringContaining("<=1") }]);
  expect((await comparisons(collector)).body.records).toMatchObject([{ outcome: 0.75 }, { outcome: 0.5 }]);
  expect(await preferences(collector)).toMatchObject([{ chosen: "new p", rejected: "old p" }]);
  await send(collector, { ...said, id: "surer", choice: isNewA ? 0.875 : 0.125 });
  expect((await comparisons(collector)).body.records[2]).toMatchObject({ outcome: 0.875, corrects: 1 });
});
