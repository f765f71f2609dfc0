import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { chat, eventually, mirror, serve, serveCollector, serveModel, startSampler } from "./local-servers.ts";
import { startCollector } from "./real-collector.ts";

const CHAT = "/v1/chat/completions";

test("a baseline is asked instead of stable, and the pair says so", async () => {
  const [stable, candidate, baseline] = [
    await serveModel("stable"),
    await serveModel("candidate"),
    await serveModel("baseline"),
  ];
  const collector = await serveCollector();
  const arms = { stable: stable.url, candidate: candidate.url, baseline: baseline.url };
  const sampler = await startSampler({
    collector: collector.url,
    ...arms,
    redact: [{ name: "says", pattern: "says", replacement: "said" }],
  });
  await mirror(sampler, CHAT, chat("Hi"), { authorization: "Bearer users-own" });
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  expect(collector.pairs[0]).toMatchObject({
    baseline: true,
    stable: { revision: "aaaaaaaaaa/rival:8000", text: expect.stringMatching(/^baseline said \d+$/) },
    candidate: { revision: "bbbbbbbbbb", text: expect.stringMatching(/^candidate said \d+$/) },
  });
  expect(stable.asked).toEqual([]);
  expect(baseline.asked).toMatchObject([{ url: CHAT, authorization: "Bearer users-own" }]);
  expect(await sampler.metric("dpo_sampler_answers_total", { arm: "baseline", result: "Text" })).toBe(1);
});

test("without a candidate stable is asked twice whatever the baseline", async () => {
  const [stable, baseline, collector] = [
    await serveModel("stable"),
    await serveModel("baseline"),
    await serveCollector(),
  ];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, baseline: baseline.url });
  await mirror(sampler, CHAT, chat("Hi"));
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  expect(collector.pairs[0]).not.toHaveProperty("baseline");
  expect(baseline.asked).toEqual([]);
  expect(stable.asked).toHaveLength(2);
});

test.each<[string, Parameters<typeof serve>[0], string]>([
  ["answers 503", (_request, reply) => reply.code(503).send("no model is loaded"), "Refused"],
  ["knows no such model", (_request, reply) => reply.code(404).send("no model assistant"), "Refused"],
  ["takes too long", () => sleep(2_000), "TimedOut"],
])("a baseline that %s makes no comparison at the real collector, and is counted", async (_how, broken, result) => {
  const collector = await startCollector();
  const [stable, candidate] = [await serveModel("stable"), await serveModel("candidate")];
  const sampler = await startSampler({
    collector: collector.url,
    stable: stable.url,
    candidate: candidate.url,
    baseline: await serve(broken),
    timeoutSeconds: 0.5,
  });
  await mirror(sampler, CHAT, chat("Hi"));
  await eventually(async () => {
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "Failed" })).toBe(1);
  });
  expect(await sampler.metric("dpo_sampler_answers_total", { arm: "baseline", result })).toBe(1);
  expect(await collector.comparisons("aaaaaaaaaa/rival:8000")).toEqual([]);
});

test("a candidate that fails loses to the baseline that answers, at the real collector", async () => {
  const collector = await startCollector();
  const [stable, baseline] = [await serveModel("stable"), await serveModel("baseline")];
  const candidate = await serve((_request, reply) => reply.code(500).send("no"));
  const arms = { stable: stable.url, candidate, baseline: baseline.url };
  const sampler = await startSampler({ collector: collector.url, ...arms });
  await mirror(sampler, CHAT, chat("Hi"));
  await eventually(async () => {
    expect(await collector.comparisons("aaaaaaaaaa/rival:8000")).toMatchObject([{ outcome: 0 }]);
  });
  expect(await collector.comparisons("aaaaaaaaaa")).toEqual([]);
});
