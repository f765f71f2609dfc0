import { rmSync } from "node:fs";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { expect, test } from "vitest";
import { chat, eventually, mirror, serve, serveCollector, serveModel, startSampler } from "./local-servers.ts";

const CHAT = "/v1/chat/completions";

test("both arms get the client's request with seeds of their own, and their answers become one pair", async () => {
  const [stable, candidate, collector] = [
    await serveModel("stable"),
    await serveModel("candidate"),
    await serveCollector(),
  ];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, candidate: candidate.url });

  const sent = { ...chat("How are you?"), seed: 3, temperature: 0.7, stream: true, stream_options: {}, n: 4 };
  const status = await mirror(sampler, `${CHAT}?trace=1`, sent, { authorization: "Bearer users-own" });
  expect(status).toBe(202);
  await eventually(() => expect(collector.pairs).toHaveLength(1));

  const seeds = [stable, candidate].map(({ asked }) => asked[0]?.body.seed);
  expect(new Set([...seeds, 3]).size).toBe(3);
  for (const [arm, seed] of [
    [stable, seeds[0]],
    [candidate, seeds[1]],
  ] as const) {
    expect(arm.asked).toEqual([
      {
        url: `${CHAT}?trace=1`,
        authorization: "Bearer users-own",
        body: { ...chat("How are you?"), temperature: 0.7, stream: true, stream_options: {}, seed },
      },
    ]);
  }
  expect(collector.pairs[0]).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    canary: "assistant",
    prompt: "How are you?",
    stable: { revision: "aaaaaaaaaa", text: `stable says ${seeds[0]}` },
    candidate: { revision: "bbbbbbbbbb", text: `candidate says ${seeds[1]}` },
  });
});

test("without a candidate stable is asked twice with different seeds", async () => {
  const [stable, collector] = [await serveModel("stable"), await serveCollector()];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url });
  await mirror(sampler, "/v1/completions", { prompt: "Once upon" });
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  const [pair] = collector.pairs;
  expect(pair).not.toHaveProperty("candidate");
  expect(pair?.other?.revision).toBe("aaaaaaaaaa");
  expect(pair?.other).not.toEqual(pair?.stable);
});

test("the client is answered before the arms have answered", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const slow = await serve(() => released);
  const sampler = await startSampler({ collector: (await serveCollector()).url, stable: slow, timeoutSeconds: 60 });
  expect(await mirror(sampler, CHAT, chat("Hi"))).toBe(202);
  release();
});

test.each<[string, Parameters<typeof serve>[0], string, RegExp]>([
  ["refuses", (_request, reply) => reply.code(500).send("out of memory"), "Refused", /answered 500: out of memory/],
  [
    "refuses at length",
    (_request, reply) => reply.code(500).send("x".repeat(8 * 2 ** 20)),
    "Refused",
    /^answered 500: x+$/,
  ],
  ["takes too long", () => sleep(2000), "TimedOut", /no whole answer within 0.3 s/],
  ["answers something else", () => ({ hello: "world" }), "NotUnderstood", /answered no completion/],
  ["answers no JSON", () => "hello", "NotUnderstood", /answered no JSON/],
  ["answers without a choice", () => ({ choices: [] }), "NotUnderstood", /without a choice/],
  ["answers too much text", () => ({ choices: [{ text: "x".repeat(100_001) }] }), "TooLarge", /100001 characters/],
  ["answers without end", (_request, reply) => endless(reply), "TooLarge", /more than 4194304 bytes/],
  ["hangs up", (_request, reply) => hangUp(reply), "BrokeOff", /broke its answer off/],
])("an arm that %s has failed, and the pair says why", async (_how, broken, result, error) => {
  const [stable, collector] = [await serveModel("stable"), await serveCollector()];
  const candidate = await serve(broken);
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, candidate, timeoutSeconds: 0.3 });
  await mirror(sampler, CHAT, chat("Hi"));
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  expect(collector.pairs[0]).toMatchObject({
    stable: { text: expect.stringContaining("stable says") },
    candidate: { revision: "bbbbbbbbbb", error: expect.stringMatching(error) },
  });
  expect(await sampler.metric("dpo_sampler_answers_total", { arm: "candidate", result })).toBe(1);
});

function endless(reply: FastifyReply) {
  function* blanks() {
    for (;;) yield " ".repeat(65_536);
  }
  return reply.type("application/json").send(Readable.from(blanks()));
}

/** In the middle of the answer. */
function hangUp(reply: FastifyReply) {
  reply.hijack();
  reply.raw.writeHead(200, { "content-type": "application/json" });
  reply.raw.write('{"choices": [');
  setImmediate(() => reply.raw.destroy());
}

test("an arm that nobody serves has failed", async () => {
  const [stable, collector] = [await serveModel("stable"), await serveCollector()];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, candidate: "http://127.0.0.1:1" });
  await mirror(sampler, CHAT, chat("Hi"));
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  expect(collector.pairs[0]?.candidate).toMatchObject({ error: expect.stringContaining("ECONNREFUSED") });
});

test("what is no generation request is answered, counted, and asks nobody", async () => {
  const [stable, collector] = [await serveModel("stable"), await serveCollector()];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url });
  expect((await fetch(`${sampler.url}/v1/models`)).status).toBe(202);
  expect(await mirror(sampler, "/metrics", "x")).toBe(202);
  expect(await mirror(sampler, CHAT, "{not json")).toBe(202);
  expect(await mirror(sampler, CHAT, chat("x".repeat(2 ** 20)))).toBe(202);
  expect(await mirrorInChunks(sampler, CHAT)).toBe(202);
  expect(await sampler.metric("dpo_sampler_requests_total", { result: "NotGeneration" })).toBe(2);
  expect(await sampler.metric("dpo_sampler_requests_total", { result: "NotUnderstood" })).toBe(1);
  expect(await sampler.metric("dpo_sampler_requests_total", { result: "TooLarge" })).toBe(2);
  expect(stable.asked).toEqual([]);
});

test("each cohort is compared as often as it is to be, and what is not compared is counted", async () => {
  const [stable, collector] = [await serveModel("stable"), await serveCollector()];
  const shares = { others: 0, cohorts: { fr: 1, internal: 0 } };
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, shares });
  for (const cohort of ["internal", "fr", "de", "constructor"])
    await mirror(sampler, CHAT, chat(`I am ${cohort}`), { "x-dpo-cohort": cohort });
  await mirror(sampler, CHAT, chat("I am nobody's"));
  expect(await sampler.metric("dpo_sampler_requests_total", { result: "Taken" })).toBe(1);
  expect(await sampler.metric("dpo_sampler_requests_total", { result: "NotSampled" })).toBe(4);
  await eventually(() => expect(collector.pairs).toMatchObject([{ prompt: "I am fr", cohort: "fr" }]));
});

test("a share is one of chance", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const slow = await serve(() => released);
  const shares = { others: 0.25, cohorts: {} };
  const sampler = await startSampler({ collector: (await serveCollector()).url, stable: slow, shares });
  for (let request = 0; request < 200; request++) await mirror(sampler, CHAT, chat(`Question ${request}`));
  const left = await sampler.metric("dpo_sampler_requests_total", { result: "NotSampled" });
  // Outside of this by chance less than once in a million times.
  expect(left).toBeGreaterThan(115);
  expect(left).toBeLessThan(181);
  release();
});

/** More than a request may have, without saying beforehand how much. */
async function mirrorInChunks({ url }: { url: string }, path: string): Promise<number> {
  const body = ReadableStream.from(Array.from({ length: 17 }, () => Buffer.alloc(65_536, " ")));
  const init = { method: "POST", body, duplex: "half" as const, headers: { "content-type": "application/json" } };
  return (await fetch(url + path, init)).status;
}

test("more requests than can be asked are dropped and counted", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let asked = 0;
  const slow = await serve(async () => {
    asked++;
    await released;
  });
  const sampler = await startSampler({ collector: (await serveCollector()).url, stable: slow, timeoutSeconds: 30 });
  const answered = await Promise.all(
    Array.from({ length: 100 }, (_, i) => mirror(sampler, CHAT, chat(`Question ${i}`))),
  );
  expect(new Set(answered)).toEqual(new Set([202]));
  expect(await sampler.metric("dpo_sampler_requests_total", { result: "Taken" })).toBe(68);
  expect(await sampler.metric("dpo_sampler_requests_total", { result: "QueueFull" })).toBe(32);
  expect(await sampler.metric("dpo_sampler_waiting", { stage: "ask" })).toBe(64);
  expect(asked).toBeLessThanOrEqual(8);
  release();
});

test("a pair outlasts a collector that fails", async () => {
  const stable = await serveModel("stable");
  let failures = 2;
  const taken: unknown[] = [];
  const collector = await serve((request, reply) => {
    if (failures-- > 0) return reply.code(503).send({ error: { reason: "Starting", message: "not yet" } });
    taken.push([request.url, request.headers.authorization]);
    return { queued: false, reason: "Identical" };
  });
  const sampler = await startSampler({ collector, stable: stable.url });
  await mirror(sampler, CHAT, chat("Hi"));
  await eventually(() => expect(taken).toHaveLength(1));
  expect(taken).toEqual([["/v1/namespaces/support/datasets/live/pairs", "Bearer first-token"]]);
  await eventually(async () => {
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "Identical" })).toBe(1);
  });
});

test("a pair that the collector refuses is not sent again", async () => {
  const stable = await serveModel("stable");
  let posts = 0;
  const collector = await serve((_request, reply) => {
    posts++;
    return reply.code(422).send({ error: { reason: "Invalid", message: "prompt: too long", path: "prompt" } });
  });
  const sampler = await startSampler({ collector, stable: stable.url });
  await mirror(sampler, CHAT, chat("Hi"));
  await eventually(async () => {
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "Refused" })).toBe(1);
  });
  await sleep(400);
  expect(posts).toBe(1);
});

test("closing lets pairs in hand arrive", async () => {
  const collector = await serveCollector();
  const slow = await serve(async () => {
    await sleep(300);
    return { choices: [{ message: { content: "slow" } }] };
  });
  const sampler = await startSampler({ collector: collector.url, stable: slow });
  await mirror(sampler, CHAT, chat("Hi"));
  await sampler.close();
  expect(collector.pairs).toHaveLength(1);
  expect(collector.pairs[0]?.stable).toHaveProperty("text", "slow");
});

test("closing does not wait for arms that never answer, and posts nothing of them", async () => {
  const collector = await serveCollector();
  const never = await serve(() => sleep(60_000));
  const sampler = await startSampler({ collector: collector.url, stable: never, timeoutSeconds: 60 });
  await mirror(sampler, CHAT, chat("Hi"));
  const start = performance.now();
  await sampler.close();
  expect(performance.now() - start).toBeLessThan(7000);
  expect(collector.pairs).toEqual([]);
}, 15_000);

test("health says alive, and ready only while the collector's token can be read", async () => {
  const [stable, collector] = [await serveModel("stable"), await serveCollector()];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url });
  const status = async (path: string) => (await fetch(sampler.url + path)).status;
  expect(await status("/healthz")).toBe(200);
  expect(await status("/readyz")).toBe(200);
  expect(await (await fetch(`${sampler.url}/metrics`)).text()).toContain("dpo_sampler_requests_total");
  rmSync(sampler.tokenFile);
  expect(await status("/readyz")).toBe(503);
  expect(await status("/healthz")).toBe(200);
});
