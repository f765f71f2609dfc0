import { expect, test } from "vitest";
import { openDatabase } from "../../../src/collector/sqlite/database.ts";
import { startCollector } from "./running-collector.ts";

const PATH = "/v1/namespaces/team/datasets/support/preferences";
const HEAD = "/v1/namespaces/team/datasets/support/head";

function preference(id: string, over: object = {}) {
  return { id, prompt: `prompt ${id}`, chosen: "good", rejected: "bad", labeler: "ann", ...over };
}

test("preferences come back in the order of their sequence numbers, as they were sent", async () => {
  await using collector = await startCollector();
  const unicode = 'naïve 😀  \n"quoted" \\ \t end';
  const records = [
    preference("a", { labeledAt: "2026-01-02T03:04:05+02:00", cohort: "eu", prompt: unicode }),
    { id: "b", prompt: "", chosen: "x", rejected: "x", training: true },
  ];
  const posted = await collector.call("POST", PATH, { records });
  expect(posted).toEqual({ status: 200, body: { accepted: 2, duplicates: 0, rejected: [], sequence: 2 } });

  const stream = await collector.call("GET", PATH);
  const lines = stream.body
    .trimEnd()
    .split("\n")
    .map((line: string) => JSON.parse(line));
  expect(lines).toEqual([
    {
      ...records[0],
      sequence: 1,
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      labeledAt: "2026-01-02T01:04:05.000Z",
    },
    { ...records[1], sequence: 2, at: expect.any(String), labeler: null, labeledAt: null, cohort: null },
  ]);
});

test("what two records have to have the same to be one does not change from release to release", async () => {
  const fields = { prompt: "p", chosen: "c", rejected: "r", labeler: "ann", cohort: "eu" };
  const contentIn = async (record: object) => {
    await using collector = await startCollector();
    await collector.call("POST", PATH, { records: [record] });
    using db = openDatabase(collector.dataDir);
    return db.prepare("SELECT content FROM records").get()?.content;
  };
  const plain = await contentIn({ id: "a", ...fields });
  expect(plain).toBe("44d2fc302fc6005031bd37708c23c25ba58747fbc416b43ee206cb2f2e65e2f7");
  expect(await contentIn({ id: "a", ...fields, training: true })).not.toBe(plain);
});

test("what is wrong with one record is said with its path and loses no other", async () => {
  await using collector = await startCollector();
  const records = [
    preference("a"),
    { ...preference("b"), prompt: 7 },
    preference("c", { labelr: "typo" }),
    preference("d", { chosen: "\ud800" }),
    "nonsense",
    preference("e", { labeledAt: "yesterday" }),
    preference("f"),
    preference("g", { chosen: "x".repeat(100_001) }),
  ];
  const { status, body } = await collector.call("POST", PATH, { records });
  expect(status).toBe(200);
  expect(body).toMatchObject({ accepted: 2, duplicates: 0, sequence: 2 });
  expect(
    body.rejected.map(({ index, id, path }: { index: number; id?: string; path: string }) => [index, id, path]),
  ).toEqual([
    [1, "b", "records[1].prompt"],
    [2, "c", "records[2]"],
    [3, "d", "records[3].chosen"],
    [4, undefined, "records[4]"],
    [5, "e", "records[5].labeledAt"],
    [7, "g", "records[7].chosen"],
  ]);
  expect(body.rejected[1].message).toContain("labelr");
  expect((await collector.call("GET", HEAD)).body).toEqual({ sequence: 2, preferences: 2, newer: 2 });
});

test("the same record again is acknowledged with its original sequence, other content under its id is refused", async () => {
  await using collector = await startCollector();
  await collector.call("POST", PATH, { records: [preference("a"), preference("b")] });
  const again = await collector.call("POST", PATH, {
    records: [preference("a"), preference("a", { chosen: "other" })],
  });
  expect(again.status).toBe(200);
  expect(again.body).toMatchObject({ accepted: 0, duplicates: 1, sequence: 1 });
  expect(again.body.rejected).toMatchObject([{ index: 1, id: "a", reason: "IdMismatch", path: "records[1].id" }]);
  expect((await collector.call("GET", HEAD)).body.preferences).toBe(2);
});

test("a duplicate within one request is one record", async () => {
  await using collector = await startCollector();
  const { body } = await collector.call("POST", PATH, { records: [preference("a"), preference("a")] });
  expect(body).toMatchObject({ accepted: 1, duplicates: 1, sequence: 1 });
});

test("a request of which nothing could be stored is a 422 that names the first field", async () => {
  await using collector = await startCollector();
  const { status, body } = await collector.call("POST", PATH, { records: [preference("a", { id: "" })] });
  expect(status).toBe(422);
  expect(body).toMatchObject({ error: { reason: "Invalid", path: "records[0].id" }, accepted: 0, sequence: 0 });
});

test.each([
  ["no JSON", "{", 400, "NotJson", undefined],
  ["no records", {}, 422, "Invalid", "records"],
  ["an empty list", { records: [] }, 422, "Invalid", "records"],
  ["too many records", { records: Array(1_001).fill(0) }, 422, "Invalid", "records"],
  ["a field of another name", { records: [0], record: 1 }, 422, "Invalid", ""],
  ["a body over the limit", { records: ["x".repeat(17 * 1024 * 1024)] }, 413, "BodyTooLarge", undefined],
])("%s is refused with a reason", async (_what, request, status, reason, path) => {
  await using collector = await startCollector();
  const answer = await collector.call("POST", PATH, request);
  expect(answer.status).toBe(status);
  expect(answer.body.error).toMatchObject({ reason, message: expect.stringMatching(/./) });
  expect(answer.body.error.path).toBe(path);
});

test("a stream is cut at after, until and limit, and a head counts what is newer", async () => {
  await using collector = await startCollector();
  const records = Array.from({ length: 250 }, (_, index) => preference(`p${index}`));
  await collector.call("POST", PATH, { records });
  await collector.call("POST", "/v1/namespaces/team/datasets/other/preferences", { records: [preference("p0")] });

  async function sequences(query: string): Promise<number[]> {
    const { body } = await collector.call("GET", `${PATH}?${query}`);
    return body === ""
      ? []
      : body
          .trimEnd()
          .split("\n")
          .map((line: string) => JSON.parse(line).sequence);
  }
  expect(await sequences("")).toEqual(Array.from({ length: 250 }, (_, index) => index + 1));
  expect(await sequences("after=248")).toEqual([249, 250]);
  expect(await sequences("until=2")).toEqual([1, 2]);
  expect(await sequences("after=100&until=220&limit=3")).toEqual([101, 102, 103]);
  expect(await sequences("after=250")).toEqual([]);
  expect((await collector.call("GET", `${HEAD}?after=200`)).body).toEqual({
    sequence: 250,
    preferences: 250,
    newer: 50,
  });
  expect((await collector.call("GET", "/v1/namespaces/team/datasets/none/head")).body).toEqual({
    sequence: 0,
    preferences: 0,
    newer: 0,
  });
  expect(await collector.call("GET", `${PATH}?after=-1`)).toMatchObject({
    status: 422,
    body: { error: { path: "after" } },
  });
});

test("a stream is read from the store only as fast as its reader takes it, and writes go on meanwhile", {
  timeout: 30_000,
}, async () => {
  await using collector = await startCollector();
  const text = "x".repeat(100_000);
  for (let start = 0; start < 150; start += 50) {
    const records = Array.from({ length: 50 }, (_, index) =>
      preference(`p${start + index}`, { chosen: text, cohort: "x" }),
    );
    await collector.call("POST", PATH, { records: records.map((record) => ({ ...record, rejected: text })) });
  }
  const response = await fetch(`${collector.url}${PATH}?until=151`, { headers: { authorization: "Bearer team/slow" } });
  if (response.body === null) throw new Error("no body");
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 300));
  // More than sockets hold is before it: it is in the stream only if the store was not read to its end at once.
  expect((await collector.call("POST", PATH, { records: [preference("late")] })).body.sequence).toBe(151);
  let end = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    end = (end + value).slice(-1_000);
  }
  expect(JSON.parse(end.trimEnd().split("\n").at(-1) ?? "")).toMatchObject({ sequence: 151, id: "late" });
});
