import { expect, test } from "vitest";
import { readGenerationRequest } from "../../../src/sampler/generation-request.ts";

function read(url: string, body: unknown, method = "POST", cohort?: string) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return readGenerationRequest({ method, url, authorization: undefined, cohort, body: text });
}

function promptOf(url: string, body: unknown): string | undefined {
  const reading = read(url, body);
  return "request" in reading ? reading.request.prompt : undefined;
}

const user = (content: unknown) => ({ role: "user", content });

test.each<[string, string, unknown, string]>([
  ["one user message", "/v1/chat/completions", { messages: [user("Hi")] }, "Hi"],
  [
    "a system message before it",
    "/v1/chat/completions",
    { messages: [{ role: "system", content: "Be brief" }, user("Hi")] },
    "Hi",
  ],
  [
    "parts of text",
    "/v1/chat/completions",
    {
      messages: [
        user([
          { type: "text", text: "Hi" },
          { type: "text", text: "there" },
        ]),
      ],
    },
    "Hi\nthere",
  ],
  [
    "a conversation",
    "/v1/chat/completions",
    {
      messages: [
        { role: "system", content: "Be brief" },
        user("Hi"),
        { role: "assistant", content: "Hello" },
        user("And?"),
      ],
    },
    "system: Be brief\nuser: Hi\nassistant: Hello\nuser: And?",
  ],
  ["another path to the API", "/openai/v1/chat/completions?api-version=2", { messages: [user("Hi")] }, "Hi"],
  ["a text completion", "/v1/completions", { prompt: "Once" }, "Once"],
  ["a list of one prompt", "/v1/completions", { prompt: ["Once"] }, "Once"],
  ["what no store keeps", "/v1/completions", { prompt: "a\0b\ud800" }, "a\uFFFDb\uFFFD"],
])("the prompt of %s", (_case, url, body, prompt) => {
  expect(promptOf(url, body)).toBe(prompt);
});

test.each<[string, string, string, unknown, string]>([
  ["another method", "GET", "/v1/chat/completions", "", "NotGeneration"],
  ["another path", "POST", "/v1/embeddings", { input: "Hi" }, "NotGeneration"],
  ["a path that only begins like one", "POST", "/v1/chat/completions/42", { messages: [user("Hi")] }, "NotGeneration"],
  ["another host in the target", "POST", "http://elsewhere/v1/completions", { prompt: "Hi" }, "NotGeneration"],
  ["no JSON", "POST", "/v1/completions", "{", "NotUnderstood"],
  ["several prompts", "POST", "/v1/completions", { prompt: ["a", "b"] }, "NotUnderstood"],
  [
    "a picture",
    "POST",
    "/v1/chat/completions",
    { messages: [user([{ type: "image_url", image_url: { url: "data:" } }])] },
    "NotUnderstood",
  ],
  ["nothing asked", "POST", "/v1/chat/completions", { messages: [user("")] }, "EmptyPrompt"],
  ["more than can be stored", "POST", "/v1/completions", { prompt: "x".repeat(100_001) }, "PromptTooLong"],
])("a request with %s is ignored", (_case, method, url, body, ignored) => {
  expect(read(url, body, method)).toEqual({ ignored });
});

test.each([
  ["de", "de"],
  [" de ", "de"],
  ["", undefined],
  ["x".repeat(254), undefined],
  [undefined, undefined],
])("a request whose header says %j is of the cohort %j, and is answered all the same", (header, cohort) => {
  const reading = read("/v1/completions", { prompt: "Hi" }, "POST", header);
  expect("request" in reading && reading.request.cohort).toBe(cohort);
});

test("all fields but the number of answers reach the arms as they were sent", () => {
  const body = {
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ ...user("Hi"), name: "Ann" }],
    logit_bias: { 5: 1 },
    chat_template: "x",
  };
  const reading = read("/v1/chat/completions", { ...body, n: 3 });
  expect("request" in reading && reading.request.body).toEqual(body);
});
