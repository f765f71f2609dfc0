import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { CANARY, choose, comparisons, DATASET, lease, pairOf, postPairs, preferences } from "./judging.ts";
import { startCollector } from "./running-collector.ts";

const NAME = "5ab1e00000/rival:8000";
const OF_BASELINE = `candidate=ca4d1da7e0&stable=${encodeURIComponent(NAME)}`;
const FAILED = { error: "answered 503: no" };

/** The candidate beside the baseline instead of stable. */
function pairWith(id: string, over: object = {}) {
  return pairOf(id, { baseline: true, stable: { revision: NAME, text: `rival's ${id}` }, ...over });
}

test("a choice between candidate and baseline is a comparison with that, none with stable, and a preference", async () => {
  await using collector = await startCollector();
  await postPairs(collector, pairWith("p"));
  const [pair] = await lease(collector, "ann");
  if (pair === undefined) throw new Error("no lease");
  expect(JSON.stringify(pair)).not.toContain("8000");
  await collector.call("POST", `${DATASET}/choices`, { choices: [choose(pair, "ann", "new")] });
  expect((await comparisons(collector, "", OF_BASELINE)).body.records).toMatchObject([{ outcome: 1, labeler: "ann" }]);
  expect((await comparisons(collector)).body.records).toEqual([]);
  expect(await preferences(collector)).toMatchObject([{ chosen: "new p", rejected: "rival's p" }]);
});

test("a baseline that gives no answer loses nothing to the candidate, whose answer can be checked all the same", async () => {
  await using collector = await startCollector();
  const answer = await collector.call(
    "POST",
    `${DATASET}/pairs`,
    pairWith("p", { stable: { revision: NAME, ...FAILED } }),
  );
  expect(answer.body).toEqual({ queued: false, reason: "Failed" });
  expect((await comparisons(collector, "", OF_BASELINE)).body.records).toEqual([]);
  const { body } = await collector.call("GET", `${CANARY}/answers?candidate=ca4d1da7e0`);
  expect(body.answers).toMatchObject([{ id: "p", text: "new p" }]);
});

test("a candidate that gives no answer loses to a baseline that gives one, and to no other", async () => {
  await using collector = await startCollector();
  const lost = { candidate: { revision: "ca4d1da7e0", ...FAILED } };
  const answered = await collector.call("POST", `${DATASET}/pairs`, pairWith("p", lost));
  expect(answered.body).toMatchObject({ queued: false, reason: "Decided" });
  const neither = pairWith("q", { ...lost, stable: { revision: NAME, ...FAILED } });
  expect((await collector.call("POST", `${DATASET}/pairs`, neither)).body.reason).toBe("Failed");
  expect((await comparisons(collector, "", OF_BASELINE)).body.records).toMatchObject([{ outcome: 0, labeler: null }]);
});

test("a baseline beside stable asked twice is refused, by its field", async () => {
  await using collector = await startCollector();
  const pair = pairWith("p", { candidate: undefined, other: { revision: NAME, text: "again" } });
  const { status, body } = await collector.call("POST", `${DATASET}/pairs`, pair);
  expect(status).toBe(422);
  expect(body.error).toMatchObject({ path: "baseline", message: expect.stringContaining("leave it out") });
});

test("the archive of a run has the comparisons with its baseline, and the ratings of its arms", async () => {
  await using collector = await startCollector();
  const lost = { candidate: { revision: "ca4d1da7e0", ...FAILED } };
  await collector.call("POST", `${DATASET}/pairs`, pairOf("with stable", lost));
  await collector.call("POST", `${DATASET}/pairs`, pairWith("with the baseline", lost));
  const ratings = ["5ab1e00000", "ca4d1da7e0"].map((revision) => ({ id: revision, revision, rater: "u", value: 1 }));
  await collector.call("POST", `${CANARY}/ratings`, { ratings });
  const [comparison] = (await comparisons(collector, "", OF_BASELINE)).body.records;
  const rated = await collector.call("GET", `${CANARY}/ratings?candidate=ca4d1da7e0&stable=5ab1e00000`);
  const cursorOf = ({ sequence, id }: { sequence: number; id: string }) => ({ sequence, id });
  const until = { comparisons: cursorOf(comparison), ratings: cursorOf(rated.body.records.at(-1)) };
  const request = { candidate: "ca4d1da7e0", stable: "5ab1e00000", comparedWith: NAME, until, run: {} };
  const { body } = await collector.call("POST", `${CANARY}/archives`, request, "dpo-system/dpo-manager");
  const file = await fetch(collector.url + body.path, { headers: { authorization: "Bearer team/rater" } });
  const [, ...lines] = gunzipSync(Buffer.from(await file.arrayBuffer()))
    .toString()
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { stream: "comparisons", record: { id: comparison.id } },
    ...rated.body.records.map((record: object) => ({ stream: "ratings", record })),
  ]);
});
