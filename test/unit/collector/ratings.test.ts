import { createHash } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { CANARY } from "./judging.ts";
import { startCollector, type TestCollector } from "./running-collector.ts";

const RUN = "candidate=ca4d1da7e0&stable=5ab1e00000";
const REVISION: Readonly<Record<string, string>> = { c: "ca4d1da7e0", s: "5ab1e00000", o: "0e3e3e3e30" };

let posted = 0;

/** "c:ann=1 s:bob=0.5": of the candidate, stable or another revision, by whom, and what they thought. */
function ratingsOf(text: string) {
  return text.split(" ").map((word) => {
    const [, arm = "", rater, value] = /^(.):(\w+)=(.+)$/.exec(word) ?? [];
    posted += 1;
    return { id: `rating ${posted}`, revision: REVISION[arm], rater, value: Number(value) };
  });
}

async function rate(collector: TestCollector, text: string): Promise<number> {
  const { status, body } = await collector.call("POST", `${CANARY}/ratings`, { ratings: ratingsOf(text) });
  expect({ status, rejected: body.rejected }).toEqual({ status: 200, rejected: [] });
  return body.sequence;
}

function read(collector: TestCollector, query = "", run = RUN) {
  return collector.call("GET", `${CANARY}/ratings?${run}${query}`);
}

interface Listed {
  sequence: number;
  id: string;
  revision: string;
  outcome: number;
  unit: string;
  vote: number;
}

const unitOf = (rater: string) => createHash("sha256").update(rater).digest("hex");

/** As ratingsOf reads it, with the number of each rater's vote. */
function written(records: readonly Listed[], raters = ["ann", "bob", "cy"]): string {
  const arm = (revision: string) => Object.keys(REVISION).find((key) => REVISION[key] === revision);
  const rater = (unit: string) => raters.find((name) => unitOf(name) === unit);
  return records
    .map(({ revision, unit, outcome, vote }) => `${arm(revision)}:${rater(unit)}=${outcome}#${vote}`)
    .join(" ");
}

test("a rating comes back in the order of commit, with its rater's hash and the number of their vote", async () => {
  await using collector = await startCollector();
  const sequence = await rate(collector, "c:ann=1 s:ann=0 c:bob=0.25 c:ann=0");
  const { body } = await read(collector);
  expect(body.head).toBe(sequence);
  expect(body.records[0]).toEqual({
    sequence: 1,
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    at: expect.stringMatching(/Z$/),
    revision: "ca4d1da7e0",
    outcome: 1,
    unit: unitOf("ann"),
    vote: 1,
  });
  expect(written(body.records)).toBe("c:ann=1#1 s:ann=0#1 c:bob=0.25#1 c:ann=0#2");
});

test("what was said of stable before the candidate's first rating is of another time, and of another count", async () => {
  await using collector = await startCollector();
  await rate(collector, "s:ann=1 s:ann=1 s:bob=1");
  expect((await read(collector)).body).toEqual({ records: [], head: 0 });
  await rate(collector, "c:cy=0 s:ann=0 o:ann=1 s:ann=1 s:bob=1");
  expect(written((await read(collector)).body.records)).toBe("c:cy=0#1 s:ann=0#1 s:ann=1#2 s:bob=1#1");
  const reversed = (await read(collector, "", "candidate=5ab1e00000&stable=ca4d1da7e0")).body.records;
  expect(written(reversed)).toBe("s:ann=1#1 s:ann=1#2 s:bob=1#1 c:cy=0#1 s:ann=0#3 s:ann=1#4 s:bob=1#2");
});

test("what came in the candidate's name before it served is in no stream that begins then, and takes no vote from its rater", async () => {
  await using collector = await startCollector();
  await rate(collector, "c:ann=0 s:ann=1 c:bob=0 c:bob=0");
  const { at } = (await read(collector)).body.records.at(-1);
  // Its own moment is not before it.
  const early = new Date(Date.parse(at) + 1).toISOString();
  expect(written((await read(collector, `&since=${at}`)).body.records)).toContain("c:bob=0");
  expect((await read(collector, `&since=${early}`)).body).toEqual({ records: [], head: 0 });
  while (Date.now() < Date.parse(early)) await setTimeout(1);
  const sequence = await rate(collector, "s:cy=1 c:bob=1 s:ann=0 c:ann=1 c:bob=0");
  const { body } = await read(collector, `&since=${early}`);
  expect(written(body.records)).toBe("c:bob=1#1 s:ann=0#1 c:ann=1#1 c:bob=0#2");
  expect(body.head).toBe(sequence);
  // The same moment, to the microsecond.
  const longer = early.replace("Z", "000Z");
  expect((await read(collector, `&since=${longer}`)).body).toEqual(body);
  const [first] = (await read(collector)).body.records;
  const before = await read(collector, `&since=${early}&after=${first.sequence}&afterId=${first.id}`);
  expect(before).toMatchObject({ status: 410, body: { error: { reason: "CursorUnknown" } } });
  expect((await read(collector, "&since=yesterday")).body.error).toMatchObject({ path: "since" });
  const stream = { namespace: "team", canary: "assistant", stream: "ratings", since: early, cursor: null, limit: 9 };
  const reads = [{ ...stream, candidate: "ca4d1da7e0", stable: "5ab1e00000" }];
  const joint = await collector.call("POST", "/v1/evidence", { reads }, "dpo-system/dpo-manager");
  expect(JSON.parse(joint.body)).toEqual({ ratings: body });
});

test("a rater is the same unit to both arms, and each canary has ratings of its own", async () => {
  await using collector = await startCollector();
  await rate(collector, "c:ann=1 s:ann=0");
  const ratings = ratingsOf("c:ann=0");
  await collector.call("POST", "/v1/namespaces/team/canaries/other/ratings", { ratings });
  const { records } = (await read(collector)).body;
  expect(new Set(records.map(({ unit }: Listed) => unit)).size).toBe(1);
  const other = await collector.call("GET", `/v1/namespaces/team/canaries/other/ratings?${RUN}`);
  expect(written(other.body.records)).toBe("c:ann=0#1");
});

test("a reader with a cursor gets what came after it, in order, page by page", async () => {
  await using collector = await startCollector();
  await rate(collector, "s:bob=1 c:ann=1 s:ann=0 s:bob=1 c:bob=1 s:cy=0 c:cy=0 s:cy=1");
  const seen: Listed[] = [];
  let cursor = "";
  for (;;) {
    const { records } = (await read(collector, `&limit=2${cursor}`)).body;
    const last = records.at(-1);
    if (last === undefined) break;
    expect(records.length).toBeLessThanOrEqual(2);
    seen.push(...records);
    cursor = `&after=${last.sequence}&afterId=${last.id}`;
  }
  expect(written(seen)).toBe("c:ann=1#1 s:ann=0#1 s:bob=1#1 c:bob=1#1 s:cy=0#1 c:cy=0#1 s:cy=1#2");
});

test("a cursor that the stream does not know is gone, not empty", async () => {
  await using collector = await startCollector();
  await rate(collector, "s:ann=1 c:ann=1 o:ann=1");
  const all = async (run: string): Promise<Listed[]> => (await read(collector, "", run)).body.records;
  const [first] = await all("candidate=5ab1e00000&stable=none");
  const [, last] = await all(RUN.replace("5ab1e00000", "0e3e3e3e30"));
  const after = (record: Listed | undefined) => read(collector, `&after=${record?.sequence}&afterId=${record?.id}`);
  // Stable's before the candidate's first, and another revision's: both are records, of other streams.
  for (const record of [first, last]) {
    expect(await after(record)).toMatchObject({ status: 410, body: { error: { reason: "CursorUnknown" } } });
  }
  expect((await read(collector, "&after=2&afterId=x")).status).toBe(410);
});

test("sent again it is a duplicate; the same id for something else is refused", async () => {
  await using collector = await startCollector();
  const ratings = ratingsOf("c:ann=1");
  const first = await collector.call("POST", `${CANARY}/ratings`, { ratings });
  const again = await collector.call("POST", `${CANARY}/ratings`, { ratings });
  expect(again.body.results).toEqual([{ ...first.body.results[0], result: "Duplicate" }]);
  const changed = await collector.call("POST", `${CANARY}/ratings`, { ratings: [{ ...ratings[0], value: 0 }] });
  expect(changed).toMatchObject({ status: 422, body: { rejected: [{ reason: "IdMismatch", path: "ratings[0].id" }] } });
  expect((await read(collector)).body.records).toHaveLength(1);
});

const good = { id: "good", revision: "ca4d1da7e0", rater: "ann", value: 1 };

test.each([
  ["a value over 1", { value: 1.5 }, "ratings[1].value"],
  ["a value under 0", { value: -0.1 }, "ratings[1].value"],
  ["a word for a value", { value: "Good" }, "ratings[1].value"],
  ["no rater", { rater: undefined }, "ratings[1].rater"],
  ["an empty revision", { revision: "" }, "ratings[1].revision"],
  ["a field that is not known", { comment: "nice" }, "ratings[1]"],
])("%s is refused by its path and loses nothing else of the request", async (_what, over, path) => {
  await using collector = await startCollector();
  const ratings = [good, { ...good, id: "bad", ...over }];
  const { status, body } = await collector.call("POST", `${CANARY}/ratings`, { ratings });
  expect(status).toBe(200);
  expect(body).toMatchObject({ results: [{ index: 0 }], rejected: [{ index: 1, id: "bad", reason: "Invalid", path }] });
  const alone = await collector.call("POST", `${CANARY}/ratings`, { ratings: [ratings[1]] });
  expect(alone).toMatchObject({ status: 422, body: { error: { path: path.replace("[1]", "[0]") } } });
});

test("another namespace's token is refused", async () => {
  await using collector = await startCollector();
  const answer = await collector.call("POST", `${CANARY}/ratings`, { ratings: [good] }, "foe/frontend");
  expect(answer).toMatchObject({ status: 403, body: { error: { reason: "Forbidden" } } });
});

test("stable's rating alone is of no run before there is a candidate's", async () => {
  await using collector = await startCollector();
  await rate(collector, "s:ann=1");
  expect((await read(collector)).body.records).toEqual([]);
  await rate(collector, "c:bob=1");
  expect(written((await read(collector)).body.records)).toBe("c:bob=1#1");
});

test("nothing of the store holds a rater's name", async () => {
  await using collector = await startCollector();
  await rate(collector, "c:somebodyofthisname=1");
  const { DatabaseSync } = await import("node:sqlite");
  const db = new DatabaseSync(`${collector.dataDir}/collector.db`, { readOnly: true });
  const rows = ["records", "ratings"].flatMap((table) => db.prepare(`SELECT * FROM ${table}`).all());
  db.close();
  expect(rows).toHaveLength(2);
  expect(JSON.stringify(rows)).not.toContain("somebodyofthisname");
});
