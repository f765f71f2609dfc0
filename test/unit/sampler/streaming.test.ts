import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyReply } from "fastify";
import { expect, test } from "vitest";
import type { PostPairRequest } from "../../../src/api/contracts/collector-api.ts";
import { chat, eventually, mirror, serve, serveCollector, startSampler } from "./local-servers.ts";

/** Says these bytes one after the other, and ends as told. */
async function stream(reply: FastifyReply, parts: readonly (string | Buffer)[], end: "Close" | "Break" | "Hang") {
  reply.hijack();
  reply.raw.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  for (const part of parts) {
    if (!reply.raw.write(part)) await once(reply.raw, "drain");
    await sleep(1);
  }
  if (end === "Close") reply.raw.end();
  if (end === "Break") reply.raw.destroy();
}

const event = (data: unknown) => `data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`;
const delta = (content: string | null, finish: string | null = null) =>
  event({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] });
const DONE = event("[DONE]");

/** What comes of a streamed answer to a request that wants one; stable's is whole, in one piece. */
async function answerOf(
  parts: readonly (string | Buffer)[],
  { end = "Close", path = "/v1/chat/completions" }: { end?: "Close" | "Break" | "Hang"; path?: string } = {},
): Promise<{ candidate: PostPairRequest["candidate"]; result: (of: string) => Promise<number> }> {
  const collector = await serveCollector();
  const stable = await serve(() => ({ choices: [{ text: "whole" }] }));
  const candidate = await serve((_request, reply) => stream(reply, parts, end));
  const sampler = await startSampler({ collector: collector.url, stable, candidate, timeoutSeconds: 1 });
  await mirror(sampler, path, { ...chat("Hi"), prompt: "Hi", stream: true });
  await eventually(() => expect(collector.pairs).toHaveLength(1));
  return {
    candidate: collector.pairs[0]?.candidate,
    result: (result) => sampler.metric("dpo_sampler_answers_total", { arm: "candidate", result }),
  };
}

test("a streamed chat is put together, and what is no part of the answer left out", async () => {
  const parts = [
    ": the model is thinking\n\n",
    event({ choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] }),
    delta("Good "),
    event({ choices: [{ index: 1, delta: { content: "another answer" } }] }),
    delta("morning"),
    delta(null, "stop"),
    event({ choices: [], usage: { completion_tokens: 2 } }),
    DONE,
  ];
  const { candidate, result } = await answerOf(parts);
  expect(candidate).toEqual({ revision: "bbbbbbbbbb", text: "Good morning" });
  expect(await result("Text")).toBe(1);
});

test("so is a text completion", async () => {
  const parts = [
    event({ choices: [{ text: "once " }] }),
    event({ choices: [{ text: "upon", finish_reason: "length" }] }),
    DONE,
  ];
  expect((await answerOf(parts, { path: "/v1/completions" })).candidate).toHaveProperty("text", "once upon");
});

test("letters and lines that are cut by the network are whole again", async () => {
  const bytes = Buffer.from(`${delta("žluťoučký 🐎").replaceAll("\n", "\r\n")}${DONE}`);
  const { candidate } = await answerOf(Array.from(bytes, (byte) => Buffer.from([byte])));
  expect(candidate).toHaveProperty("text", "žluťoučký 🐎");
});

test.each<[string, string[]]>([
  ["the end mark alone", [delta("all of it"), DONE]],
  ["a reason to finish alone", [delta("all of it", "stop")]],
])("an answer is whole by %s", async (_by, parts) => {
  expect((await answerOf(parts)).candidate).toHaveProperty("text", "all of it");
});

test.each<[string, string[], "Break" | "Hang"]>([
  ["the end mark", [delta("all of it"), DONE], "Hang"],
  ["a reason to finish", [delta("all of it"), delta(null, "stop")], "Hang"],
  ["a reason to finish", [delta("all of it"), delta(null, "stop")], "Break"],
])("nothing after %s is waited for, or missed", async (_mark, parts, end) => {
  expect((await answerOf(parts, { end })).candidate).toHaveProperty("text", "all of it");
});

test.each<[string, string[], "Close" | "Break" | "Hang", string, RegExp]>([
  ["ends without saying so", [delta("half of")], "Close", "BrokeOff", /broke its answer off after 7 characters/],
  ["breaks the connection", [delta("half of")], "Break", "BrokeOff", /broke its answer off/],
  ["says an error in the middle", [delta("half of"), event({ error: { message: "OOM" } })], "Close", "BrokeOff", /OOM/],
  ["stops in the middle", [delta("half of")], "Hang", "TimedOut", /no whole answer within 1 s/],
  ["says nothing at all", [DONE], "Close", "NotUnderstood", /without a choice/],
  ["streams no JSON", [event("half of"), DONE], "Close", "NotUnderstood", /streamed no JSON/],
  ["streams something else", [event({ choices: "none" }), DONE], "Close", "NotUnderstood", /streamed no completion/],
  ["says too much", [delta("x".repeat(60_000)), delta("x".repeat(60_000)), DONE], "Close", "TooLarge", /100000 char/],
  ["sends an event without end", ["data: ", ..."x".repeat(40).split("").map(longer)], "Hang", "TooLarge", /1048576/],
])("an arm that %s has failed: a part of an answer is none", async (_how, parts, end, result, error) => {
  const { candidate, result: count } = await answerOf(parts, { end });
  expect(candidate).toEqual({ revision: "bbbbbbbbbb", error: expect.stringMatching(error) });
  expect(await count(result)).toBe(1);
});

function longer(letter: string): string {
  return letter.repeat(65_536);
}

test("an answer as long as one may be is taken, however much is said beside it", async () => {
  const piece = event({ id: "x".repeat(2_000), choices: [{ index: 0, delta: { content: "x".repeat(40) } }] });
  const { candidate } = await answerOf([...Array.from({ length: 25 }, () => piece.repeat(100)), DONE]);
  expect(candidate && "text" in candidate && /^x{100000}$/.test(candidate.text)).toBe(true);
});
