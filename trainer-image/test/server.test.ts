import { expect, test } from "vitest";
import { prepare } from "../src/model/infer.ts";
import { seededRandom } from "../src/random.ts";
import { modelServer } from "../src/serve/server.ts";
import { smallModel } from "./small-model.ts";

const digest = `sha256:${"a".repeat(64)}`;
const server = modelServer({
  ...{ weights: prepare(smallModel()), digest, random: seededRandom(1) },
  now: () => new Date("2026-01-01T00:00:00Z"),
});

async function chat(body: object) {
  const response = await server.inject({ method: "POST", url: "/v1/chat/completions", payload: body });
  return { status: response.statusCode, body: response.json() };
}

const messages = [{ role: "user", content: "Hi" }];

test("an answer has OpenAI's form and says which model gave it", async () => {
  const { status, body } = await chat({ messages, max_tokens: 5, stream: false, model: "any", user: "unknown field" });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    object: "chat.completion",
    model: "assistant",
    system_fingerprint: digest,
    choices: [{ index: 0, message: { role: "assistant", content: expect.any(String) } }],
    usage: { prompt_tokens: 4 },
  });
});

test("the same seed gives the same answer, and temperature 0 needs none", async () => {
  async function answers(settings: object): Promise<string[]> {
    const bodies = [await chat({ messages, ...settings }), await chat({ messages, ...settings })];
    return bodies.map(({ body }) => body.choices[0].message.content);
  }
  const [first, again] = await answers({ seed: 7 });
  expect(again).toBe(first);
  const [cold, coldAgain] = await answers({ temperature: 0 });
  expect(coldAgain).toBe(cold);
  const [one, other] = await answers({});
  expect(other).not.toBe(one);
});

test("who asks for log probabilities gets one for each token, as likely as the model finds it", async () => {
  const { body } = await chat({ messages, temperature: 0, max_tokens: 5, logprobs: true });
  const { content } = body.choices[0].logprobs;
  expect(content).toHaveLength(body.usage.completion_tokens);
  expect(Buffer.from(content.flatMap(({ bytes }: { bytes: number[] }) => bytes)).toString()).toBe(
    body.choices[0].message.content,
  );
  // The likeliest of 257 is likelier than one in 257, and not certain.
  for (const { logprob } of content) {
    expect(logprob).toBeGreaterThan(-Math.log(257));
    expect(logprob).toBeLessThan(0);
  }
  expect((await chat({ messages, temperature: 0, max_tokens: 5 })).body.choices[0].logprobs).toBeNull();
});

test("a conversation longer than the context is answered from its end", async () => {
  const { status, body } = await chat({ messages: [{ role: "user", content: "x".repeat(5000) }], max_tokens: 1000 });
  expect(status).toBe(200);
  expect(body.usage.prompt_tokens).toBe(32);
});

test.each([
  [{ messages: [] }, "messages"],
  [{ messages, stream: true }, "streaming is not supported"],
  [{ messages, temperature: 9 }, "temperature"],
  [{ messages: [{ role: "user", content: [{ type: "image_url" }] }] }, "messages[0].content"],
])("%j is refused with what is wrong", async (body, message) => {
  const { status, body: answer } = await chat(body);
  expect(status).toBe(400);
  expect(answer.error.message).toContain(message);
});

test("/v1/models says the digest, and the probes answer", async () => {
  const models = await server.inject("/v1/models");
  expect(models.json()).toMatchObject({ object: "list", data: [{ id: "assistant", object: "model", digest }] });
  for (const url of ["/healthz", "/readyz"]) expect((await server.inject(url)).statusCode).toBe(200);
});

test("an idle connection outlives a gateway's patience of an hour: the side that closes first may lose a request", async () => {
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  const { headers } = await fetch(`${url}/v1/models`);
  const [, seconds] = /timeout=(\d+)/.exec(headers.get("keep-alive") ?? "") ?? [];
  expect(Number(seconds)).toBeGreaterThan(3600);
  await server.close();
});
