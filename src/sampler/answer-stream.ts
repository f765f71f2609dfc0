import { createParser } from "eventsource-parser";
import * as z from "zod";
import { LIMITS } from "../api/contracts/collector-api.ts";
import { ArmFailure } from "./arm-failure.ts";
import { Logprobs, Surprise } from "./logprobs.ts";

/** Characters of one event: a few of the answer, and what the server says beside them. */
const MAX_EVENT = 1024 * 1024;

const Choice = z.object({
  index: z.number().default(0),
  /** Of a chat. */
  delta: z.object({ content: z.string().nullish() }).optional(),
  /** Of a text completion. */
  text: z.string().nullish(),
  finish_reason: z.string().nullish(),
  logprobs: Logprobs,
});

const Chunk = z.object({ choices: z.array(Choice).default([]), error: z.unknown().optional() });

interface Answer {
  text: string;
  readonly surprise: Surprise;
  /** A choice has come, however empty. */
  begun: boolean;
  /** The server has said that the answer ends here, which a connection that ends does not. */
  finished: boolean;
}

/**
 * Puts a streamed completion together (server-sent events, as OpenAI's). Throws an ArmFailure for one that breaks off: a
 * part of an answer is none, and must not be judged as a short one. Never keeps more than the answer and one event.
 */
export async function readAnswerStream(body: AsyncIterable<Uint8Array>) {
  const answer: Answer = { text: "", surprise: new Surprise(), begun: false, finished: false };
  for await (const data of events(body)) {
    if (data === "[DONE]") answer.finished = true;
    else take(answer, data);
    if (answer.finished) break;
  }
  if (!answer.finished) throw new ArmFailure("BrokeOff", `broke its answer off after ${answer.text.length} characters`);
  if (!answer.begun) throw new ArmFailure("NotUnderstood", "answered without a choice");
  return { text: answer.text, surprise: answer.surprise.perToken() };
}

function take(answer: Answer, data: string): void {
  const { choices, error } = chunkOf(data);
  if (error !== undefined && error !== null)
    throw new ArmFailure("BrokeOff", `broke its answer off with an error: ${JSON.stringify(error)}`);
  const choice = choices.find(({ index }) => index === 0);
  if (choice === undefined) return;
  answer.begun = true;
  answer.text += choice.delta?.content ?? choice.text ?? "";
  answer.surprise.add(choice.logprobs);
  answer.finished = typeof choice.finish_reason === "string";
  if (answer.text.length > LIMITS.text)
    throw new ArmFailure("TooLarge", `answered more than ${LIMITS.text} characters`);
}

function chunkOf(data: string): z.infer<typeof Chunk> {
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    throw new ArmFailure("NotUnderstood", "streamed no JSON");
  }
  const chunk = Chunk.safeParse(json);
  if (chunk.success) return chunk.data;
  throw new ArmFailure("NotUnderstood", `streamed no completion: ${z.prettifyError(chunk.error)}`);
}

/** The data of each event. */
async function* events(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const arrived: string[] = [];
  let isTooLarge = false;
  const parser = createParser({
    maxBufferSize: MAX_EVENT,
    onEvent: ({ data }) => arrived.push(data),
    onError: ({ type }) => {
      isTooLarge ||= type === "max-buffer-size-exceeded";
    },
  });
  const decoder = new TextDecoder();
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    if (isTooLarge) throw new ArmFailure("TooLarge", `streamed an event of more than ${MAX_EVENT} characters`);
    yield* arrived.splice(0);
  }
}
