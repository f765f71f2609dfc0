import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type CollectorClient, createCollectorClient } from "../../../src/evidence/collector-client.ts";
import { CollectorError, CursorUnknown } from "../../../src/evidence/collector-error.ts";
import { createFakeClock } from "../../../src/runtime/fake-clock.ts";
import { READER, startCollector, type TestCollector } from "../collector/running-collector.ts";

const DATASET = { namespace: "team", dataset: "support" };
const READER_TOKEN = READER.replace("system:serviceaccount:", "").replace(":", "/");
const RUN = { namespace: "team", canary: "assistant", candidate: "c", stable: "s", limit: 1_000 };

async function clientOf(url: string, token = "team/manager") {
  const folder = await mkdtemp(join(tmpdir(), "dpo-client-"));
  const tokenFile = join(folder, "token");
  await writeFile(tokenFile, `${token}\n`);
  const clock = createFakeClock();
  const client = createCollectorClient({ url, tokenFile }, clock);
  onTestFinished(async () => {
    await client.close();
    await rm(folder, { recursive: true });
  });
  return { client, tokenFile, clock };
}

/** A comparison without a labeler: the candidate failed to answer. */
async function decide(client: CollectorClient, id: string) {
  const arms = { stable: { revision: "s", text: "fine" }, candidate: { revision: "c", error: "HTTP 500" } };
  return client.postPair({ ...DATASET, pair: { id, canary: "assistant", prompt: `prompt ${id}`, ...arms } });
}

async function addPreferences(collector: TestCollector, count: number): Promise<void> {
  for (let start = 0; start < count; start += 1_000) {
    const records = Array.from({ length: Math.min(1_000, count - start) }, (_, index) => {
      return { id: `${start + index}`, prompt: `pröömpt ${start + index}`, chosen: "good 😀", rejected: "bad" };
    });
    await collector.call("POST", "/v1/namespaces/team/datasets/support/preferences", { records });
  }
}

/** A server that answers as the collector never would. */
async function faultyServer(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}`;
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test("comparisons are read from a cursor on", async () => {
  await using collector = await startCollector();
  const { client } = await clientOf(collector.url);
  expect(await client.comparisons({ ...RUN, cursor: null })).toEqual({ records: [], head: 0 });
  const posted = await decide(client, "first");
  expect(posted).toMatchObject({ queued: false, reason: "Decided", sequence: 1 });
  const { records } = await client.comparisons({ ...RUN, cursor: null });
  expect(records).toMatchObject([{ sequence: 1, at: posted.at, outcome: 0, vote: 1, labeler: null }]);
  const cursor = { sequence: 1, id: records[0]?.id ?? "" };
  await decide(client, "second");
  expect((await client.comparisons({ ...RUN, cursor })).records).toMatchObject([{ sequence: 2 }]);
});

test("a cursor of another history is a CursorUnknown", async () => {
  await using collector = await startCollector();
  const { client } = await clientOf(collector.url);
  const cursor = { sequence: 5, id: "of another history" };
  await expect(client.comparisons({ ...RUN, cursor })).rejects.toBeInstanceOf(CursorUnknown);
});

test("many reads are one request, and what is wrong with one of them is its answer", async () => {
  await using collector = await startCollector();
  const { client: manager } = await clientOf(collector.url, READER_TOKEN);
  const { client: sampler } = await clientOf(collector.url);
  await decide(sampler, "first");
  const reads = (["comparisons", "ratings", "checks"] as const).map((stream) => ({ ...RUN, stream, cursor: null }));
  const gone = { ...RUN, stream: "comparisons", cursor: { sequence: 5, id: "of another history" } } as const;
  expect(await collect(manager.evidence([gone, ...reads]))).toMatchObject([
    { error: { reason: "CursorUnknown" } },
    { comparisons: { records: [{ sequence: 1, outcome: 0 }], head: 1 } },
    { ratings: { records: [], head: 0 } },
    { checks: { records: [], head: 0 } },
  ]);
  await expect(collect(sampler.evidence(reads))).rejects.toMatchObject({ reason: "Forbidden" });
});

test("preferences are streamed up to a pinned number, and a head counts them", async () => {
  await using collector = await startCollector();
  const { client } = await clientOf(collector.url);
  expect(await collect(client.streamPreferences(DATASET))).toEqual([]);
  await addPreferences(collector, 2_500);
  const all = await collect(client.streamPreferences(DATASET));
  expect(all).toHaveLength(2_500);
  expect(all[2_499]).toMatchObject({ sequence: 2_500, prompt: "pröömpt 2499", chosen: "good 😀", labeler: null });
  const part = await collect(client.streamPreferences({ ...DATASET, after: 10, until: 20 }));
  expect(part.map(({ sequence }) => sequence)).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  expect(await client.head({ ...DATASET, after: 2_000 })).toEqual({ sequence: 2_500, preferences: 2_500, newer: 500 });
});

test("a reader that stops early ends the stream and can go on asking", async () => {
  await using collector = await startCollector();
  const { client } = await clientOf(collector.url);
  await addPreferences(collector, 5_000);
  for await (const { sequence } of client.streamPreferences(DATASET)) if (sequence === 3) break;
  expect((await client.head(DATASET)).preferences).toBe(5_000);
});

test("the token is read anew after a minute, since it is renewed on disk", async () => {
  await using collector = await startCollector();
  const { client, tokenFile, clock } = await clientOf(collector.url, "bad");
  await expect(client.head(DATASET)).rejects.toMatchObject({ reason: "Unauthenticated", status: 401 });
  await writeFile(tokenFile, "foe/manager");
  clock.pause(59_000);
  await expect(client.head(DATASET)).rejects.toMatchObject({ status: 401 });
  clock.pause(2_000);
  await expect(client.head(DATASET)).rejects.toMatchObject({ reason: "Forbidden", status: 403 });
  await writeFile(tokenFile, "team/manager");
  clock.pause(61_000);
  expect((await client.head(DATASET)).preferences).toBe(0);
});

test("an abort ends a waiting call with the caller's own reason", async () => {
  const url = await faultyServer(() => undefined);
  const { client } = await clientOf(url);
  const controller = new AbortController();
  const waiting = client.comparisons({ ...RUN, cursor: null, signal: controller.signal });
  setTimeout(() => controller.abort(new Error("shutting down")), 50);
  await expect(waiting).rejects.toThrow("shutting down");
});

test("news come of every canary, until the caller has heard enough", async () => {
  await using collector = await startCollector();
  const { client: manager } = await clientOf(collector.url, READER_TOKEN);
  const { client: sampler } = await clientOf(collector.url);
  const heard: unknown[] = [];
  for await (const { canaries } of manager.news()) {
    heard.push(canaries);
    if (heard.length === 1) await decide(sampler, "first");
    else break;
  }
  expect(heard).toEqual([[], [{ namespace: "team", canary: "assistant", stream: "comparisons" }]]);
});

test("news are for those who may read every namespace", async () => {
  await using collector = await startCollector();
  const { client } = await clientOf(collector.url);
  const refused = collect(client.news());
  await expect(refused).rejects.toMatchObject({ reason: "Forbidden", message: expect.stringContaining("readers") });
});

test("nobody there is Unreachable, with what was asked", async () => {
  const { client } = await clientOf("http://127.0.0.1:9");
  const failure = client.head(DATASET);
  await expect(failure).rejects.toBeInstanceOf(CollectorError);
  await expect(failure).rejects.toMatchObject({
    reason: "Unreachable",
    status: 0,
    message: expect.stringContaining("GET http://127.0.0.1:9/v1/namespaces/team/datasets/support/head"),
  });
});

test.each([
  ["an answer of another shape", 200, '{"sequence":"many"}', "AnswerNotUnderstood", "sequence"],
  ["a number that none can be", 200, '{"sequence":-1,"preferences":0,"newer":0}', "AnswerNotUnderstood", "sequence"],
  ["no JSON", 200, "<html>", "AnswerNotUnderstood", "not JSON"],
  ["a proxy's error", 502, "<html>Bad Gateway</html>", "Unexpected", "HTTP 502"],
])("%s is an error that says so", async (_what, status, body, reason, text) => {
  const url = await faultyServer((_request, response) => response.writeHead(status).end(body));
  const { client } = await clientOf(url);
  await expect(client.head(DATASET)).rejects.toMatchObject({ reason, status, message: expect.stringContaining(text) });
});

const LINE = { id: "a", at: "2026-01-01T00:00:00.000Z", prompt: "é", chosen: "c", rejected: "r" };
const LABELS = { labeler: null, labeledAt: null, cohort: null };

test("a stream that breaks off throws after the records that came, at the end of a line or in one", async () => {
  const line = `${JSON.stringify({ sequence: 1, ...LINE, ...LABELS })}\n`;
  for (const rest of ["", '{"sequence":2,']) {
    const url = await faultyServer((_request, response) => {
      response.writeHead(200);
      response.write(line + rest, () => setTimeout(() => response.destroy(), 20));
    });
    const { client } = await clientOf(url);
    const stream = client.streamPreferences(DATASET)[Symbol.asyncIterator]();
    expect((await stream.next()).value).toMatchObject({ sequence: 1 });
    await expect(stream.next()).rejects.toMatchObject({ reason: "Unreachable" });
  }
});

test("a character may be cut in two between chunks", async () => {
  const bytes = Buffer.from(`${JSON.stringify({ sequence: 1, ...LINE, ...LABELS })}\n`);
  const cut = bytes.indexOf("é") + 1;
  const url = await faultyServer((_request, response) => {
    response.write(bytes.subarray(0, cut), () => setTimeout(() => response.end(bytes.subarray(cut)), 20));
  });
  const { client } = await clientOf(url);
  expect(await collect(client.streamPreferences(DATASET))).toMatchObject([{ prompt: "é" }]);
});

test("a thousand questions at once are answered over a few connections", async () => {
  const connections = new Set<number | undefined>();
  const url = await faultyServer((request, response) => {
    connections.add(request.socket.remotePort);
    setTimeout(() => response.end(JSON.stringify({ records: [], head: 0 })), 5);
  });
  const { client } = await clientOf(url);
  const questions = Array.from({ length: 1_000 }, () => client.comparisons({ ...RUN, cursor: null }));
  expect(await Promise.all(questions)).toHaveLength(1_000);
  expect(connections.size).toBeLessThanOrEqual(32);
});
