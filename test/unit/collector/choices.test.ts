import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { BlindPair } from "../../../src/api/contracts/collector-api.ts";
import { CANARY, choose, comparisons, DATASET, lease, pairOf, postPairs, preferences } from "./judging.ts";
import { startCollector } from "./running-collector.ts";

test.each([
  ["new", 1, { chosen: "new p", rejected: "old p" }],
  ["old", 0, { chosen: "old p", rejected: "new p" }],
])("a choice of the %s answer is one record, a comparison and a preference", async (wanted, outcome, texts) => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"));
  const [pair] = await lease(collector, "ann");
  if (pair === undefined) throw new Error("no lease");
  const choice = choose(pair, "ann", wanted);
  const posted = await collector.call("POST", `${DATASET}/choices`, { choices: [choice] });
  expect(posted.status).toBe(200);
  expect(posted.body).toMatchObject({
    results: [{ index: 0, id: choice.id, result: "Accepted", sequence: 1 }],
    sequence: 1,
  });
  const at = posted.body.results[0].at;

  const unit = createHash("sha256").update("prompt of p").digest("hex");
  expect((await comparisons(collector)).body).toEqual({
    records: [
      {
        sequence: 1,
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        at,
        outcome,
        unit,
        vote: 1,
        raterVote: 1,
        labeler: "ann",
        cohort: null,
      },
    ],
    head: 1,
  });
  const labels = { labeler: "ann", labeledAt: at, cohort: null };
  expect(await preferences(collector)).toEqual([
    { sequence: 1, id: choice.id, at, prompt: "prompt of p", ...texts, ...labels },
  ]);
});

test("a tie is half a point and no preference", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"));
  const [pair] = await lease(collector, "ann");
  const tie = { id: "t", pair: "p", lease: pair?.lease, labeler: "ann", choice: "Tie" };
  await collector.call("POST", `${DATASET}/choices`, { choices: [tie] });
  expect((await comparisons(collector)).body.records).toMatchObject([{ outcome: 0.5 }]);
  expect(await preferences(collector)).toEqual([]);
});

test("a rater's token judges, and decides nothing by what it makes up: no pair, no rating, no preference", async () => {
  await using collector = await startCollector();
  const token = "rater:team/rater";
  await postPairs(collector, pairOf("p"));
  const leased = await collector.call(
    "POST",
    `${DATASET}/pairs/lease`,
    { labeler: "ann", count: 1, seconds: 60 },
    token,
  );
  const choices = leased.body.pairs.map((pair: BlindPair) => choose(pair, "ann", "new"));
  expect((await collector.call("POST", `${DATASET}/choices`, { choices }, token)).status).toBe(200);
  expect((await comparisons(collector)).body.records).toMatchObject([{ outcome: 1 }]);

  const failed = { candidate: { revision: "ca4d1da7e0", error: "made up" } };
  const rating = { id: "r", revision: "ca4d1da7e0", rater: "u", value: 1 };
  const preference = { id: "x", prompt: "p", chosen: "c", rejected: "r" };
  for (const [path, body] of [
    [`${DATASET}/pairs`, pairOf("q", failed)],
    [`${DATASET}/preferences`, { records: [preference] }],
    [`${CANARY}/ratings`, { ratings: [rating] }],
    [`${CANARY}/checks`, { checks: [] }],
  ] as const) {
    const answer = await collector.call("POST", path, body, token);
    expect(answer).toMatchObject({ status: 403, body: { error: { message: expect.stringContaining("dpo-rater") } } });
  }
  expect((await comparisons(collector)).body.records).toHaveLength(1);
});

test("a choice between two answers of stable's is a preference and no comparison", async () => {
  await using collector = await startCollector();
  const other = { revision: "5ab1e00000", text: "second p" };
  await postPairs(collector, pairOf("p", { candidate: undefined, other }));
  const [pair] = await lease(collector, "ann");
  if (pair === undefined) throw new Error("no lease");
  await collector.call("POST", `${DATASET}/choices`, { choices: [choose(pair, "ann", "second")] });
  expect(await preferences(collector)).toMatchObject([{ chosen: "second p", rejected: "old p" }]);
  expect((await comparisons(collector)).body.records).toEqual([]);
});

test("forged choices are refused by field, and take no good one with them", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"), pairOf("q"));
  const [p, q] = await lease(collector, "ann");
  if (p === undefined || q === undefined) throw new Error("no lease");
  const good = choose(p, "ann", "new");
  const { status, body } = await collector.call("POST", `${DATASET}/choices`, {
    choices: [
      { ...good, id: "1", pair: "unknown" },
      { ...good, id: "2", lease: "0".repeat(32) },
      { ...good, id: "3", lease: q.lease },
      { ...good, id: "4", labeler: "mallory" },
      { ...good, id: "5", choice: "C" },
      good,
      { ...good, id: "6" },
    ],
  });
  expect(status).toBe(200);
  expect(body.results).toMatchObject([{ index: 5, id: good.id, result: "Accepted" }]);
  const rejected: { index: number; reason: string; path: string }[] = body.rejected;
  expect(rejected.map(({ index, reason, path }) => [index, reason, path])).toEqual([
    [0, "PairUnknown", "choices[0].pair"],
    [1, "LeaseUnknown", "choices[1].lease"],
    [2, "LeaseUnknown", "choices[2].lease"],
    [3, "LeaseUnknown", "choices[3].lease"],
    [4, "Invalid", "choices[4].choice"],
    [6, "AlreadyJudged", "choices[6].pair"],
  ]);
  expect((await comparisons(collector)).body.records).toHaveLength(1);
});

test("a rater's votes are numbered within a pair of revisions, whatever the prompts; a failed answer is nobody's", async () => {
  await using collector = await startCollector();
  const newer = { candidate: { revision: "0e3e3e3e30", text: "newer" } };
  await postPairs(collector, pairOf("p"), pairOf("q"), pairOf("r"), pairOf("newer", newer));
  const failed = pairOf("failed", { candidate: { revision: "ca4d1da7e0", error: "HTTP 500" } });
  await collector.call("POST", `${DATASET}/pairs`, failed);
  for (const [labeler, count] of [
    ["ann", 2],
    ["bob", 1],
    ["ann", 1],
  ] as const) {
    for (const pair of await lease(collector, labeler, { count }))
      await collector.call("POST", `${DATASET}/choices`, { choices: [choose(pair, labeler, "new")] });
  }
  const read = async (revisions?: string) =>
    (await comparisons(collector, "", revisions)).body.records.map(
      ({ labeler, vote, raterVote }: { labeler: string; vote: number; raterVote: number }) => [
        labeler,
        vote,
        raterVote,
      ],
    );
  expect(await read()).toEqual([
    [null, 1, null],
    ["ann", 1, 1],
    ["ann", 1, 2],
    ["bob", 1, 1],
  ]);
  expect(await read("candidate=0e3e3e3e30&stable=5ab1e00000")).toEqual([["ann", 1, 1]]);
});

test("what a request said that it is of goes with its pair, to comparison and preference, and not to raters", async () => {
  await using collector = await startCollector();
  const failed = { candidate: { revision: "ca4d1da7e0", error: "HTTP 500" } };
  await postPairs(collector, pairOf("p", { cohort: "fr" }), pairOf("q"));
  await collector.call("POST", `${DATASET}/pairs`, pairOf("failed", { cohort: "de", ...failed }));
  for (const pair of await lease(collector, "ann")) {
    expect(JSON.stringify(pair)).not.toContain("fr");
    await collector.call("POST", `${DATASET}/choices`, { choices: [choose(pair, "ann", "new")] });
  }
  expect((await comparisons(collector)).body.records).toMatchObject([
    { cohort: "de", labeler: null },
    { cohort: "fr" },
    { cohort: null },
  ]);
  expect(await preferences(collector)).toMatchObject([{ cohort: "fr" }, { cohort: null }]);
  const other = await collector.call("POST", `${DATASET}/pairs`, pairOf("p", { cohort: "en" }));
  expect(other).toMatchObject({ status: 409, body: { error: { reason: "IdMismatch" } } });
});

test("a pair of another dataset or namespace is not known", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"));
  const [pair] = await lease(collector, "ann");
  if (pair === undefined) throw new Error("no lease");
  const request = { choices: [choose(pair, "ann", "new")] };
  const otherDataset = await collector.call("POST", "/v1/namespaces/team/datasets/other/choices", request);
  expect(otherDataset).toMatchObject({ status: 422, body: { error: { reason: "PairUnknown" } } });
  const foreign = await collector.call("POST", "/v1/namespaces/foe/datasets/support/choices", request, "foe/rater");
  expect(foreign).toMatchObject({ status: 422, body: { error: { reason: "PairUnknown" } } });
});

test("a choice sent twice counts once, and says the same twice", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("p"));
  const [pair] = await lease(collector, "ann");
  if (pair === undefined) throw new Error("no lease");
  const choice = choose(pair, "ann", "new");
  const first = await collector.call("POST", `${DATASET}/choices`, { choices: [choice] });
  const second = await collector.call("POST", `${DATASET}/choices`, { choices: [choice] });
  expect(second.body.results).toEqual([{ ...first.body.results[0], result: "Duplicate" }]);
  const changed = await collector.call("POST", `${DATASET}/choices`, { choices: [{ ...choice, choice: "Tie" }] });
  expect(changed).toMatchObject({ status: 422, body: { error: { reason: "IdMismatch", path: "choices[0].id" } } });
  expect((await comparisons(collector)).body.records).toHaveLength(1);
});

test("the votes of a prompt are numbered at commit, within its pair of revisions, without gaps under concurrency", async () => {
  await using collector = await startCollector();
  const prompts = ["one", "two", "three"];
  const pairs = Array.from({ length: 60 }, (_, index) => pairOf(`p${index}`, { prompt: prompts[index % 3] }));
  const newer = { candidate: { revision: "0e3e3e3e30", text: "newer" }, prompt: "one" };
  await postPairs(collector, ...pairs, pairOf("newer", newer));
  const labelers = Array.from({ length: 13 }, (_, index) => `labeler-${index}`);
  await Promise.all(
    labelers.map(async (labeler) => {
      const held = await lease(collector, labeler, { count: 5 });
      const posts = held.map((pair) =>
        collector.call("POST", `${DATASET}/choices`, { choices: [choose(pair, labeler, "new")] }),
      );
      for (const { status } of await Promise.all(posts)) expect(status).toBe(200);
    }),
  );
  const { records } = (await comparisons(collector)).body as { records: { unit: string; vote: number }[] };
  expect(records).toHaveLength(60);
  for (const unit of new Set(records.map((record) => record.unit))) {
    const votes = records.filter((record) => record.unit === unit).map(({ vote }) => vote);
    expect(votes).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  }
  const other = await comparisons(collector, "", "candidate=0e3e3e3e30&stable=5ab1e00000");
  expect(other.body.records).toMatchObject([{ vote: 1 }]);
});

test("a pair's margin goes with its comparison, is shown to no rater, and is part of what the pair is", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairOf("with", { margin: -1.25 }), pairOf("without"));
  const leased = await lease(collector, "ann");
  expect(JSON.stringify(leased)).not.toContain("margin");
  for (const pair of leased) {
    const { status } = await collector.call("POST", `${DATASET}/choices`, { choices: [choose(pair, "ann", "new")] });
    expect(status).toBe(200);
  }
  const { records } = (await comparisons(collector)).body;
  expect(records.map(({ margin }: { margin?: number }) => margin)).toEqual([-1.25, undefined]);
  const again = await collector.call("POST", `${DATASET}/pairs`, pairOf("with", { margin: 2 }));
  expect(again).toMatchObject({ status: 409, body: { error: { reason: "IdMismatch" } } });
  const ofOne = pairOf("failed", { margin: 1, candidate: { revision: "ca4d1da7e0", error: "HTTP 500" } });
  const refused = await collector.call("POST", `${DATASET}/pairs`, ofOne);
  expect(refused).toMatchObject({ status: 422, body: { error: { path: "margin" } } });
});
