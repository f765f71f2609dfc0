import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { canonicalJson } from "../../../src/artifacts/canonical-json.ts";
import { CANARY, comparisons, DATASET, pairOf } from "./judging.ts";
import { type Answer, startCollector, type TestCollector } from "./running-collector.ts";

const OPERATOR = "dpo-system/dpo-manager";
const ARCHIVES = `${CANARY}/archives`;
const RUN = { candidate: "ca4d1da7e0", stable: "5ab1e00000" };

interface Cursor {
  readonly sequence: number;
  readonly id: string;
}

/** Comparisons without a labeler, each of another prompt: the candidate failed to answer. */
async function decide(collector: TestCollector, ...ids: readonly string[]): Promise<Cursor> {
  for (const id of ids) {
    const failed = pairOf(id, { candidate: { revision: "ca4d1da7e0", error: "HTTP 500" } });
    await collector.call("POST", `${DATASET}/pairs`, failed);
  }
  const { sequence, id } = (await comparisons(collector)).body.records.at(-1);
  return { sequence, id };
}

async function rate(collector: TestCollector, count: number, from = 0): Promise<Cursor> {
  const ratings = Array.from({ length: count }, (_, i) => ({
    id: `r${from + i}`,
    revision: i % 2 === 0 ? "ca4d1da7e0" : "5ab1e00000",
    rater: `user ${from + i}`,
    value: 1,
  }));
  await collector.call("POST", `${CANARY}/ratings`, { ratings });
  const { body } = await collector.call("GET", `${CANARY}/ratings?candidate=ca4d1da7e0&stable=5ab1e00000&after=0`);
  const { sequence, id } = body.records.at(-1);
  return { sequence, id };
}

function archive(collector: TestCollector, until: object, run: object = { outcome: "Promoted" }): Promise<Answer> {
  return collector.call("POST", ARCHIVES, { ...RUN, until, run }, OPERATOR);
}

async function download(collector: TestCollector, path: string, token = "team/rater") {
  const response = await fetch(collector.url + path, { headers: { authorization: `Bearer ${token}` } });
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

async function textOf(collector: TestCollector, { body }: Answer): Promise<string> {
  return gunzipSync((await download(collector, body.path)).bytes).toString();
}

test("an archive is what the run was and every record up to the one it was judged by, in canonical lines", async () => {
  await using collector = await startCollector();
  const comparison = await decide(collector, "p1", "p2");
  const rating = await rate(collector, 3);
  await decide(collector, "later");
  const answer = await archive(collector, { ratings: rating, comparisons: comparison });
  expect(answer).toMatchObject({ status: 200, body: { path: `${ARCHIVES}/${answer.body.digest}` } });
  const text = await textOf(collector, answer);
  const lines = text.trimEnd().split("\n");
  for (const line of lines) expect(canonicalJson(JSON.parse(line))).toBe(line);
  const [header, ...records] = lines.map((line) => JSON.parse(line));
  expect(header).toMatchObject({
    ...{ format: "dpo.dev/run-archive/v1", namespace: "team", canary: "assistant", ...RUN },
    run: { outcome: "Promoted" },
  });
  expect(records.map(({ stream, record }) => [stream, record.sequence])).toEqual([
    ["comparisons", 1],
    ["comparisons", 2],
    ["ratings", 3],
    ["ratings", 4],
    ["ratings", 5],
  ]);
  const read = (await comparisons(collector)).body.records;
  expect(records.slice(0, 2).map(({ record }) => record)).toEqual(read.slice(0, 2));
  expect(answer.body.digest).toBe(`sha256:${createHash("sha256").update(text).digest("hex")}`);
});

test("asked for again it is the same file, however much has come since; another run is another file", async () => {
  await using collector = await startCollector();
  const until = { comparisons: await decide(collector, "p1", "p2") };
  const first = await archive(collector, until);
  await decide(collector, "p3");
  const [again, meanwhile] = await Promise.all([archive(collector, until), archive(collector, until)]);
  expect([again, meanwhile]).toEqual([first, first]);
  const other = await archive(collector, until, { outcome: "RolledBack" });
  expect(other.body.digest).not.toBe(first.body.digest);
  const files = await readdir(join(collector.dataDir, "archives", "team", "assistant"));
  expect(files).toHaveLength(2);
  expect(await readdir(join(collector.dataDir, "archives", ".unfinished"))).toEqual([]);
});

test("a run of more than a page is read page by page", async () => {
  await using collector = await startCollector();
  for (let from = 0; from < 2_400; from += 800) await rate(collector, 800, from);
  const { body } = await collector.call("GET", `${CANARY}/ratings?candidate=ca4d1da7e0&stable=5ab1e00000&limit=1000`);
  const middle = body.records.at(-1);
  const rest = await collector.call(
    "GET",
    `${CANARY}/ratings?candidate=ca4d1da7e0&stable=5ab1e00000&after=${middle.sequence}&afterId=${middle.id}`,
  );
  const { sequence, id } = rest.body.records.at(-1);
  const text = await textOf(collector, await archive(collector, { ratings: { sequence, id } }));
  const sequences = text
    .trimEnd()
    .split("\n")
    .slice(1)
    .map((line) => JSON.parse(line).record.sequence);
  expect(sequences).toEqual(Array.from({ length: 2_000 }, (_, i) => i + 1));
});

test("a store that does not know the last record cannot archive the run", async () => {
  await using collector = await startCollector();
  const { sequence } = await decide(collector, "p1");
  const answer = await archive(collector, { comparisons: { sequence, id: "another" } });
  expect(answer).toMatchObject({ status: 410, body: { error: { reason: "CursorUnknown" } } });
  expect(await readdir(join(collector.dataDir, "archives"))).toEqual([".unfinished"]);
});

test("the operator alone has runs archived, and the canary's namespace reads them", async () => {
  await using collector = await startCollector();
  const until = { comparisons: await decide(collector, "p1") };
  const { body } = await archive(collector, until);
  const request = { ...RUN, until, run: {} };
  for (const token of ["team/rater", "other/rater"])
    expect(await collector.call("POST", ARCHIVES, request, token)).toMatchObject({ status: 403 });
  const statuses = ["team/rater", OPERATOR, "other/rater", "bad"].map(
    async (token) => (await download(collector, body.path, token)).status,
  );
  expect(await Promise.all(statuses)).toEqual([200, 200, 403, 401]);
});

test("an archive that is not there is named, and nothing but a digest is one", async () => {
  await using collector = await startCollector();
  const digest = `sha256:${"0".repeat(64)}`;
  const unknown = { status: 404, body: { error: { reason: "ArchiveUnknown" } } };
  expect(await collector.call("GET", `${ARCHIVES}/${digest}`)).toMatchObject(unknown);
  for (const name of ["..%2F..%2Fcollector.db", "sha256:0"])
    expect(await collector.call("GET", `${ARCHIVES}/${name}`)).toMatchObject({ status: 422 });
});

test("what a crash left unfinished goes, and what was finished stays", async () => {
  await using collector = await startCollector();
  const answer = await archive(collector, { comparisons: await decide(collector, "p1") });
  const scratch = join(collector.dataDir, "archives", ".unfinished", "run-1");
  await mkdir(scratch);
  await writeFile(join(scratch, "part"), "half of");
  await collector.close();
  await using restarted = await startCollector({ dataDir: collector.dataDir });
  expect(await readdir(join(collector.dataDir, "archives", ".unfinished"))).toEqual([]);
  expect(await textOf(restarted, answer)).toContain("Promoted");
});

test("where it cannot be written the answer is an error that says why, and the next one heals it", async () => {
  await using collector = await startCollector();
  const until = { comparisons: await decide(collector, "p1") };
  const inTheWay = join(collector.dataDir, "archives", "team");
  await writeFile(inTheWay, "");
  const refused = await archive(collector, until);
  expect(refused).toMatchObject({ status: 503, body: { error: { reason: "StoreUnavailable" } } });
  await rm(inTheWay);
  const answer = await archive(collector, until);
  const file = join(inTheWay, "assistant", `${answer.body.digest.slice(7)}.jsonl.gz`);
  expect(gunzipSync(await readFile(file)).toString()).toBe(await textOf(collector, answer));
});

const SINCE = "2026-01-01T00:00:00.000Z";

function tell(collector: TestCollector, gate: string, answers: readonly object[], since = SINCE, token = OPERATOR) {
  return collector.call("POST", `${CANARY}/asked`, { candidate: "ca4d1da7e0", since, gate, answers }, token);
}

const sample = (sequence: number, value: number) => ({
  ...{ sequence, id: `m${sequence}`, at: SINCE },
  said: { type: "Metric", value },
});

test("what other systems answered is in it up to the last one that was folded, each as it was told last", async () => {
  await using collector = await startCollector();
  await tell(collector, "metrics/p99", [sample(1, 0.5), sample(2, 0.6), sample(3, 0.7)]);
  await tell(collector, "metrics/p99", [sample(2, 0.9)]);
  await tell(collector, "metrics/p99", [sample(1, 5)], "2025-12-31T00:00:00.000Z");
  const verdict = { type: "Webhook", verdict: "Pass", message: "fine" };
  await tell(collector, "webhook", [{ sequence: 1, id: "w1", at: SINCE, said: verdict }]);
  const until = { "metrics/p99": { sequence: 2, id: "m2" }, webhook: { sequence: 1, id: "w1" } };
  const request = { ...RUN, until: {}, asked: { since: SINCE, until }, run: {} };
  const answer = await collector.call("POST", ARCHIVES, request, OPERATOR);
  const lines = (await textOf(collector, answer)).trimEnd().split("\n").slice(1);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    { stream: "asked", gate: "metrics/p99", record: sample(1, 0.5) },
    { stream: "asked", gate: "metrics/p99", record: sample(2, 0.9) },
    { stream: "asked", gate: "webhook", record: { sequence: 1, id: "w1", at: SINCE, said: verdict } },
  ]);
});

test.each([
  ["a service account of the namespace", "team/any", 403],
  ["the operator", OPERATOR, 200],
] as const)("%s tells what other systems answered", async (_, token, status) => {
  await using collector = await startCollector();
  expect((await tell(collector, "webhook", [sample(1, 1)], SINCE, token)).status).toBe(status);
});
