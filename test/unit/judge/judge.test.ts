import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Comparison } from "../../../src/api/contracts/collector-api.ts";
import { comparisons, DATASET, lease, pairOf, postPairs } from "../collector/judging.ts";
import { startCollector, type TestCollector } from "../collector/running-collector.ts";
import { eventually, LABELER, type Says, serveJudge, startJudge } from "./scene.ts";

/** Texts of the candidate begin with "new". */
const goesByText: Says = ({ first }) => (first.startsWith("new") ? "1" : "2");

async function records(collector: TestCollector): Promise<Comparison[]> {
  return (await comparisons(collector)).body.records;
}

test("a pair is judged in both orders, and the choice is the judge's, as comparison and as preference", async () => {
  await using collector = await startCollector();
  const server = await serveJudge(goesByText);
  await postPairs(collector, pairOf("p", { cohort: "fr" }));
  const judge = await startJudge({ collector: collector.url, server: server.url, apiKey: "secret" });
  await eventually(async () => expect(await records(collector)).toHaveLength(1));

  expect(await records(collector)).toMatchObject([{ outcome: 1, labeler: LABELER, vote: 1, cohort: "fr" }]);
  const preferences = await collector.call("GET", `${DATASET}/preferences`);
  expect(JSON.parse(preferences.body)).toMatchObject({ chosen: "new p", rejected: "old p", labeler: LABELER });

  expect(server.asked).toHaveLength(2);
  for (const { url, authorization, body } of server.asked) {
    expect([url, authorization]).toEqual(["/v1/chat/completions", "Bearer secret"]);
    expect(body).toMatchObject({ model: "llama", temperature: 0, seed: 0 });
    expect(JSON.stringify(body)).not.toMatch(/5ab1e00000|ca4d1da7e0|fr"/);
  }
  const [forth, back] = server.asked.map(({ body }) => body.messages[1]?.content);
  expect(forth).not.toBe(back);
  await eventually(async () => expect(await judge.metric("dpo_judge_pairs_total", { result: "Preferred" })).toBe(1));
});

test("a judge that goes by the place alone decides nothing: every pair is a tie", async () => {
  await using collector = await startCollector();
  const server = await serveJudge(() => "1");
  await postPairs(collector, ...Array.from({ length: 12 }, (_, index) => pairOf(`p${index}`)));
  const judge = await startJudge({ collector: collector.url, server: server.url });
  await eventually(async () => expect(await records(collector)).toHaveLength(12));
  expect(new Set((await records(collector)).map(({ outcome }) => outcome))).toEqual(new Set([0.5]));
  expect(await judge.metric("dpo_judge_verdicts_total", { position: "First" })).toBe(24);
  expect(await judge.metric("dpo_judge_verdicts_total", { position: "Second" })).toBe(0);
});

test.each<[string, Says, string]>([
  ["says neither answer", () => "I like both.", "Unclear"],
  ["answers no completion", () => ({ hello: "world" }), "NotUnderstood"],
  ["answers no JSON", (_reading, reply) => reply.type("text/html").send("<html>"), "NotUnderstood"],
  ["cannot read so much", (_reading, reply) => reply.code(400).send({ error: "context length" }), "Refused"],
])("a pair of which the judge %s is skipped, counted, and left to others", async (_how, says, result) => {
  await using collector = await startCollector({ config: {} });
  const server = await serveJudge(says);
  await postPairs(collector, pairOf("p"));
  const judge = await startJudge({ collector: collector.url, server: server.url });
  await eventually(async () => expect(await judge.metric("dpo_judge_pairs_total", { result })).toBe(1));
  await sleep(500);
  expect(server.asked).toHaveLength(1);
  expect(await records(collector)).toEqual([]);
});

test.each<[string, number, string]>([
  ["is asked too much", 429, "RateLimited"],
  ["has trouble of its own", 503, "Unavailable"],
  ["does not know the key", 401, "Unauthorized"],
])("a server that %s is asked again, and the pair is not lost", async (_how, status, reason) => {
  await using collector = await startCollector();
  let failures = 2;
  const server = await serveJudge((reading, reply) =>
    failures-- > 0 ? reply.code(status).send({ error: { message: "no" } }) : goesByText(reading, reply),
  );
  await postPairs(collector, pairOf("p"));
  const judge = await startJudge({ collector: collector.url, server: server.url });
  await eventually(async () => expect(await records(collector)).toMatchObject([{ outcome: 1 }]));
  expect(server.asked).toHaveLength(4);
  expect(await judge.metric("dpo_judge_failures_total", { reason })).toBe(2);
});

test("a server that hangs up is asked again", async () => {
  await using collector = await startCollector();
  let hangsUp = true;
  const server = await serveJudge((reading, reply) => {
    if (!hangsUp) return goesByText(reading, reply);
    hangsUp = false;
    reply.hijack();
    reply.raw.destroy();
    return undefined;
  });
  await postPairs(collector, pairOf("p"));
  const judge = await startJudge({ collector: collector.url, server: server.url });
  await eventually(async () => expect(await records(collector)).toHaveLength(1));
  expect(await judge.metric("dpo_judge_failures_total", { reason: "Unavailable" })).toBe(1);
});

test("pairs of another canary of the dataset are none of its business", async () => {
  await using collector = await startCollector();
  const server = await serveJudge(goesByText);
  await postPairs(collector, pairOf("other", { canary: "summarizer" }), pairOf("own"));
  await startJudge({ collector: collector.url, server: server.url });
  await eventually(async () => expect(await records(collector)).toHaveLength(1));
  expect((await lease(collector, "ann")).map(({ id }) => id)).toEqual(["other"]);
});

test("an outage of the collector loses no choice", async () => {
  const first = await startCollector();
  await postPairs(first, pairOf("p"));
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const server = await serveJudge(async (reading, reply) => {
    await held;
    return goesByText(reading, reply);
  });
  const judge = await startJudge({ collector: first.url, server: server.url });
  await eventually(() => expect(server.asked).toHaveLength(1));
  await first.close();
  release();
  await eventually(() => expect(server.asked).toHaveLength(2));
  await sleep(300);
  const port = Number(new URL(first.url).port);
  await using collector = await startCollector({ dataDir: first.dataDir, config: { port } });
  await eventually(async () => expect(await records(collector)).toMatchObject([{ labeler: LABELER }]));
  await eventually(async () => expect(await judge.metric("dpo_judge_pairs_total", { result: "Preferred" })).toBe(1));
});

test("closing finishes what is in hand, and takes nothing more", async () => {
  await using collector = await startCollector();
  const server = await serveJudge(async (reading, reply) => {
    await sleep(300);
    return goesByText(reading, reply);
  });
  await postPairs(collector, ...Array.from({ length: 8 }, (_, index) => pairOf(`p${index}`)));
  const judge = await startJudge({ collector: collector.url, server: server.url });
  await eventually(() => expect(server.asked.length).toBeGreaterThan(0));
  await judge.close();
  expect(await records(collector)).toHaveLength(4);
  expect(await lease(collector, "ann")).toHaveLength(4);
});

test("health says ready only while the collector's token can be read", async () => {
  await using collector = await startCollector();
  const server = await serveJudge(goesByText);
  const judge = await startJudge({ collector: collector.url, server: server.url });
  const status = async (path: string) => (await fetch(`http://127.0.0.1:${judge.port}${path}`)).status;
  expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 200]);
  rmSync(judge.tokenFile);
  expect([await status("/healthz"), await status("/readyz")]).toEqual([200, 503]);
});
