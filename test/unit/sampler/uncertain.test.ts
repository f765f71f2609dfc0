import type { FastifyReply } from "fastify";
import { expect, test } from "vitest";
import { chat, eventually, mirror, serve, serveCollector, startSampler } from "./local-servers.ts";
import { startCollector } from "./real-collector.ts";

const CHAT = "/v1/chat/completions";

/** Every mirrored request is one to learn from, if stable is unsure of it. */
const CONSIDERED = { shares: { others: 1e-9, cohorts: {} }, uncertain: { share: 1, keep: 1 } };

interface Request {
  messages?: { content: string }[];
  prompt?: string;
  seed: number;
  logprobs?: unknown;
}

/** A model server that finds each of its tokens as unlikely as the prompt says, in nats. */
async function serveUnsure(answer: (request: Request, logprob: number, reply: FastifyReply) => unknown = whole) {
  const asked: Request[] = [];
  const url = await serve(({ body }, reply) => {
    const request = body as Request;
    asked.push(request);
    return answer(request, -Number(request.messages?.[0]?.content ?? request.prompt), reply);
  });
  return { url, asked };
}

function whole({ messages, seed, logprobs }: Request, logprob: number) {
  const text = `answer ${seed}`;
  const choice = messages
    ? { message: { content: text }, logprobs: logprobs ? { content: [{ logprob }, { logprob }] } : null }
    : { text, logprobs: logprobs === undefined ? null : { token_logprobs: [null, logprob, logprob] } };
  return { choices: [choice] };
}

function streamed({ seed, logprobs }: Request, logprob: number, reply: FastifyReply) {
  const event = (choice: object) => `data: ${JSON.stringify({ choices: [choice] })}\n\n`;
  const token = (content: string) =>
    event({ delta: { content }, ...(logprobs === true && { logprobs: { content: [{ logprob }] } }) });
  return reply
    .type("text/event-stream")
    .send(
      `${token("answer ")}${token(`${seed}`)}${event({ delta: {}, finish_reason: "stop", logprobs: null })}data: [DONE]\n\n`,
    );
}

test("what stable is least sure of is a pair of two of its answers, to learn from", async () => {
  const [stable, collector] = [await serveUnsure(), await serveCollector()];
  const uncertain = { share: 1, keep: 0.2 };
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, ...CONSIDERED, uncertain });
  const considered = (result: string) => sampler.metric("dpo_sampler_considered_total", { result });
  for (let i = 0; i < 40; i++) {
    await mirror(sampler, CHAT, chat("0.5"));
    await eventually(async () => expect((await considered("Kept")) + (await considered("Surer"))).toBe(i + 1));
  }
  await mirror(sampler, CHAT, { ...chat("2.5"), temperature: 0.3 }, { "x-dpo-cohort": "fr" });
  await eventually(() => expect(collector.pairs.some(({ prompt }) => prompt === "2.5")).toBe(true));

  const [first, second] = stable.asked.filter(({ messages }) => messages?.[0]?.content === "2.5");
  expect(first).toMatchObject({ logprobs: true, temperature: 0.3 });
  expect(second).toEqual({ ...chat("2.5"), temperature: 0.3, seed: expect.any(Number) });
  expect(collector.pairs.at(-1)).toEqual({
    id: expect.stringMatching(/^[0-9a-f]{32}$/),
    canary: "assistant",
    prompt: "2.5",
    cohort: "fr",
    stable: { revision: "aaaaaaaaaa", text: `answer ${first?.seed}` },
    other: { revision: "aaaaaaaaaa", text: `answer ${second?.seed}` },
    training: true,
  });
  expect(await considered("Kept")).toBe(collector.pairs.length);
  expect(await considered("Kept")).toBeLessThan(20);
});

test.each<[string, string, object, Parameters<typeof serveUnsure>[0]]>([
  ["a streamed chat", CHAT, { ...chat("1"), stream: true }, streamed],
  ["a text completion", "/v1/completions", { prompt: "1" }, whole],
])("%s is asked for them, and read, as a chat in one piece is", async (_what, path, body, answer) => {
  const [stable, collector] = [await serveUnsure(answer), await serveCollector()];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, ...CONSIDERED });
  await mirror(sampler, path, body);
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  expect(stable.asked[0]?.logprobs).toBe(path === CHAT ? true : 1);
  expect(stable.asked[1]).not.toHaveProperty("logprobs");
});

test("while there is a candidate both answers are stable's all the same, and the candidate is not asked", async () => {
  const [stable, candidate, collector] = [await serveUnsure(), await serveUnsure(), await serveCollector()];
  const sampler = await startSampler({
    collector: collector.url,
    stable: stable.url,
    candidate: candidate.url,
    ...CONSIDERED,
  });
  await mirror(sampler, CHAT, chat("1"));
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  expect(collector.pairs[0]).not.toHaveProperty("candidate");
  expect(candidate.asked).toEqual([]);
});

test.each<[string, string, Parameters<typeof serveUnsure>[0]]>([
  ["says no log probabilities", "NoLogprobs", (request) => whole({ ...request, logprobs: undefined }, 0)],
  [
    "says something else in their place",
    "NoLogprobs",
    () => ({ choices: [{ text: "answer", logprobs: { top: [] } }] }),
  ],
  ["does not take the question", "Failed", (_request, _logprob, reply) => reply.code(400).send("logprobs: unknown")],
])("nothing comes of a server that %s, and it is counted", async (_how, result, answer) => {
  const [stable, collector] = [await serveUnsure(answer), await serveCollector()];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, ...CONSIDERED });
  await mirror(sampler, CHAT, chat("1"));
  await eventually(async () => expect(await sampler.metric("dpo_sampler_considered_total", { result })).toBe(1));
  await sampler.close();
  expect(stable.asked).toHaveLength(1);
  expect(collector.pairs).toEqual([]);
});

test("each request is compared, or one to learn from, or neither; of a cohort that is not compared none is either", async () => {
  const [stable, collector] = [await serveUnsure(), await serveCollector()];
  const sampler = await startSampler({
    collector: collector.url,
    stable: stable.url,
    shares: { others: 0.25, cohorts: { "load-test": 0 } },
    uncertain: { share: 0.5, keep: 0.01 },
  });
  for (let i = 0; i < 400; i++) {
    await mirror(sampler, CHAT, chat("1"));
    if (i < 40) await mirror(sampler, CHAT, chat("1"), { "x-dpo-cohort": "load-test" });
  }
  const taken = (result: string) => sampler.metric("dpo_sampler_requests_total", { result });
  const learnt = (await taken("Considered")) + (await taken("NotConsidered"));
  const compared = await taken("Taken");
  expect(await taken("NotSampled")).toBe(440 - learnt - compared);
  expect(Math.abs(learnt - 200)).toBeLessThan(50);
  expect(Math.abs(compared - 100)).toBeLessThan(45);
  expect(stable.asked.some(({ logprobs }) => logprobs === undefined)).toBe(true);
});

test("comparisons go first: nothing is considered while one waits", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const stable = await serve(() => released);
  const sampler = await startSampler({
    collector: (await serveCollector()).url,
    stable,
    timeoutSeconds: 60,
    shares: { others: 1e-9, cohorts: { fr: 1 } },
    uncertain: { share: 1, keep: 1 },
  });
  for (let i = 0; i < 5; i++) await mirror(sampler, CHAT, chat("1"), { "x-dpo-cohort": "fr" });
  await mirror(sampler, CHAT, chat("1"));
  const taken = (result: string) => sampler.metric("dpo_sampler_requests_total", { result });
  expect([await taken("Taken"), await taken("Considered"), await taken("NotConsidered")]).toEqual([5, 0, 1]);
  release();
});

test("twice the same answer is no pair, and a text that begins with the prompt is not asked for", async () => {
  const [stable, collector] = [
    await serveUnsure(() => ({ choices: [{ text: "always", logprobs: { token_logprobs: [-1] } }] })),
    await serveCollector(),
  ];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, ...CONSIDERED });
  await mirror(sampler, "/v1/completions", { prompt: "1" });
  await mirror(sampler, "/v1/completions", { prompt: "1", echo: true });
  const considered = (result: string) => sampler.metric("dpo_sampler_considered_total", { result });
  await eventually(async () => expect([await considered("Alike"), await considered("NoLogprobs")]).toEqual([1, 1]));
  await sampler.close();
  expect(stable.asked).toHaveLength(2);
  expect(collector.pairs).toEqual([]);
});

test("what is not to be stored is taken out of both answers, and of the prompt", async () => {
  const [stable, collector] = [await serveUnsure(), await serveCollector()];
  const redact = [{ name: "number", pattern: "\\d+", replacement: "#" }];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, redact, ...CONSIDERED });
  await mirror(sampler, CHAT, chat("1"));
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  expect(collector.pairs[0]).toMatchObject({ prompt: "#", stable: { text: "answer #" }, other: { text: "answer #" } });
});

test("the real collector takes the pair for its queue", async () => {
  const [stable, collector] = [await serveUnsure(), await startCollector()];
  const sampler = await startSampler({ collector: collector.url, stable: stable.url, ...CONSIDERED });
  await mirror(sampler, CHAT, chat("1"));
  await eventually(async () => {
    expect(await sampler.metric("dpo_sampler_pairs_total", { outcome: "Queued" })).toBe(1);
  });
});
