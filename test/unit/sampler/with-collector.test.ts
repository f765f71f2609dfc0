import { expect, test } from "vitest";
import { chat, eventually, mirror, serve, serveModel, startSampler } from "./local-servers.ts";
import { startCollector } from "./real-collector.ts";

test("pairs reach the real collector: two answers wait for a rater, one alone is a comparison at once", async () => {
  const collector = await startCollector();
  const stable = await serveModel("stable");
  const candidate = await serve((request, reply) => {
    const body = JSON.stringify(request.body);
    if (body.includes("fails")) return reply.code(500).send("no");
    return { choices: [{ message: { content: "candidate's answer" } }] };
  });
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, candidate });
  await mirror(sampler, "/v1/chat/completions", chat("this one fails"), { "x-dpo-cohort": "de" });
  await mirror(sampler, "/v1/chat/completions", chat("this one is answered"));
  await eventually(async () => {
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "Decided" })).toBe(1);
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "Queued" })).toBe(1);
  });

  expect(await collector.comparisons("aaaaaaaaaa")).toMatchObject([
    { outcome: 0, vote: 1, labeler: null, cohort: "de" },
  ]);
});

test("a contender that has lost at the real collector is asked less, also by a sampler that starts anew", async () => {
  const collector = await startCollector();
  const stable = await serveModel("stable");
  const failing = await serve((_request, reply) => reply.code(500).send("no"));
  const [red, green] = [
    { revision: "4ed0000000", url: failing },
    { revision: "94ee000000", url: (await serveModel("green")).url },
  ];
  const betting = { unit: "Prompt" as const, votesPerUnit: 1 };
  const start = (contenders: (typeof red)[]) =>
    startSampler({
      collector: collector.url,
      stable: stable.url,
      selection: { contenders, minShare: 0.1, betting },
    });
  const first = await start([red]);
  for (let i = 0; i < 20; i++) await mirror(first, "/v1/chat/completions", chat(`prompt ${i}`));
  await eventually(async () => {
    expect(await first.metric("dpo_sampler_pairs_total", { outcome: "Decided" })).toBe(20);
  });

  const second = await start([red, green]);
  let asked = 0;
  await eventually(async () => {
    for (let i = 0; i < 20; i++) await mirror(second, "/v1/chat/completions", chat(`more ${asked++}`));
    const posted = (outcome: string) => second.metric("dpo_sampler_pairs_total", { outcome });
    const [lost, judged] = [await posted("Decided"), await posted("Queued")];
    expect(lost + judged).toBeGreaterThan(60);
    expect(lost / (lost + judged)).toBeLessThan(0.3);
  });
});

test("two answers that differ only in what is redacted are nothing to choose between", async () => {
  const collector = await startCollector();
  const writing = (text: string) => serve(() => ({ choices: [{ text }] }));
  const sampler = await startSampler({
    collector: collector.url,
    stable: await writing("Call 030 1234567."),
    candidate: await writing("Call 089 7654321."),
    redact: [{ name: "phone", pattern: "\\d{3} \\d{7}", replacement: "[phone]" }],
  });
  await mirror(sampler, "/v1/completions", { prompt: "Whom do I call?" });
  await eventually(async () => {
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "Identical" })).toBe(1);
  });
});
