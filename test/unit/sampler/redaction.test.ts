import { expect, test } from "vitest";
import type { SamplerConfig } from "../../../src/api/contracts/sampler.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { createRedaction } from "../../../src/sampler/redaction.ts";
import { chat, eventually, mirror, serve, serveCollector, startSampler } from "./local-servers.ts";

const EMAIL = { name: "email", pattern: "[\\w.+-]+@[\\w-]+[.][\\w.-]*\\w", replacement: "[email]" };
const CARD = { name: "card", pattern: "\\b(\\d{4}[ -]?){3}\\d{4}\\b", replacement: "$1" };

function pairOf(prompt: string, stable = "one", candidate = "two") {
  return {
    id: "p",
    canary: "assistant",
    prompt,
    stable: { revision: "a", text: stable },
    candidate: { revision: "b", text: candidate },
  };
}

function redaction(...rules: SamplerConfig["redact"]) {
  const counts: [string, number][] = [];
  const redact = createRedaction(rules, { clock: systemClock, count: (rule, times) => counts.push([rule, times]) });
  return { redact, counts };
}

test("prompt and answers leave redacted, while the arms are asked what the user asked", async () => {
  const asked: unknown[] = [];
  const echo = await serve((request) => {
    asked.push((request.body as { messages: unknown }).messages);
    return { choices: [{ message: { content: "written to ann@example.com" } }] };
  });
  const broken = await serve((_request, reply) => reply.code(500).send("no user bob@example.com"));
  const collector = await serveCollector();
  const config = { collector: collector.url, stable: echo, candidate: broken, redact: [EMAIL] };
  const sampler = await startSampler(config);
  const sent = chat("Write to ann@example.com and bob@example.com");
  await mirror(sampler, "/v1/chat/completions", sent);
  await eventually(() => expect(collector.pairs).toHaveLength(1));

  expect(asked).toEqual([sent.messages]);
  expect(collector.pairs[0]).toMatchObject({
    prompt: "Write to [email] and [email]",
    stable: { text: "written to [email]" },
    candidate: { error: "answered 500: no user [email]" },
  });
  expect(await sampler.metric("dpo_sampler_redactions_total", { rule: "email" })).toBe(4);
});

test("answers that differ in nothing but what is replaced are identical afterwards", () => {
  const redacted = redaction(EMAIL).redact(pairOf("Whom do I ask?", "Ask ann@example.com.", "Ask bob@example.org."));
  expect(redacted?.stable).toHaveProperty("text", "Ask [email].");
  expect(redacted?.candidate).toHaveProperty("text", "Ask [email].");
});

test("rules are applied in their order, and what they put there stands as it is written", () => {
  const again = { name: "again", pattern: "[$]1", replacement: "[card]" };
  const { redact, counts } = redaction(CARD, again);
  expect(redact(pairOf("4111 1111 1111 1111, 4111111111111111"))?.prompt).toBe("[card], [card]");
  expect(counts.slice(0, 2)).toEqual([
    ["card", 2],
    ["again", 2],
  ]);
});

test("without rules nothing is touched", () => {
  const pair = pairOf("a".repeat(100_000));
  expect(redaction().redact(pair)).toEqual(pair);
});

test("letters outside of the basic plane are kept whole", () => {
  const rule = { name: "horse", pattern: "🐎+", replacement: "-" };
  expect(redaction(rule).redact(pairOf("a🐎🐎b\u{1F600}c"))?.prompt).toBe("a-b\u{1F600}c");
});

/** Each of these keeps a backtracking engine busy for longer than the universe has existed. */
test.each(["(a+)+$", "(a|a)*b", "(.*)*x", "([a-z]+)*[0-9]"])("%s takes no time to speak of", (pattern) => {
  const text = `${"a".repeat(50_000)}!`;
  const start = performance.now();
  expect(redaction({ name: "evil", pattern, replacement: "" }).redact(pairOf(text))).toBeDefined();
  expect(performance.now() - start).toBeLessThan(2_000);
});

test("a pair that takes too long all the same is not handed on, since nobody has redacted it", () => {
  const start = performance.now();
  const rule = { name: "slow", pattern: "a*b|a", replacement: "" };
  expect(redaction(rule).redact(pairOf("a".repeat(100_000)))).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(5_000);
});

test("it is counted as lost", async () => {
  const answer = await serve(() => ({ choices: [{ text: "short" }] }));
  const collector = await serveCollector();
  const redact = [{ name: "slow", pattern: "a*b|a", replacement: "" }];
  const sampler = await startSampler({ collector: collector.url, stable: answer, redact });
  await mirror(sampler, "/v1/completions", { prompt: "a".repeat(100_000) });
  await eventually(async () => {
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "NotRedacted" })).toBe(1);
  });
  expect(collector.pairs).toEqual([]);
});

test("a pattern that is none of RE2 keeps the sampler from starting, by name", async () => {
  const rule = { name: "lookahead", pattern: "a(?=b)", replacement: "" };
  expect(() => redaction(rule)).toThrow(/the pattern of lookahead is none of RE2: error parsing regexp/);
});
