import * as z from "zod";
import { LIMITS } from "../api/contracts/collector-api.ts";
import { readAnswerStream } from "./answer-stream.ts";
import { ArmFailure } from "./arm-failure.ts";
import { Logprobs, Surprise } from "./logprobs.ts";
import { storableText } from "./storable-text.ts";

/** What a model server sends. */
export interface Response {
  readonly status: number;
  readonly contentType: string;
  /** Throws when the connection breaks before the end. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Answer {
  readonly text: string;
  /** In nats a token, where the server says how likely each was. */
  readonly surprise?: number | undefined;
}

/** Bytes of an answer in one piece: JSON may take six for a character, and has more in it than the text. */
const MAX_BYTES = 4 * 1024 * 1024;

const Completion = z.object({
  choices: z.array(
    z.union([
      z
        .object({ message: z.object({ content: z.string().nullable() }), logprobs: Logprobs })
        .transform(({ message, logprobs }) => ({ text: message.content ?? "", logprobs })),
      z.object({ text: z.string(), logprobs: Logprobs }),
    ]),
  ),
});

/** A completion, whole or streamed. Throws an ArmFailure when there is none, or only a part of it. */
export async function readAnswer({ status, contentType, body }: Response): Promise<Answer> {
  if (status !== 200) throw new ArmFailure("Refused", `answered ${status}: ${await beginningOf(body)}`);
  const isStream = /^text\/event-stream\b/i.test(contentType);
  const answer = isStream ? await readAnswerStream(body) : wholeAnswer(await readText(body));
  const text = storableText(answer.text);
  if (text.length > LIMITS.text)
    throw new ArmFailure("TooLarge", `answered ${text.length} characters, more than ${LIMITS.text}`);
  return { ...answer, text };
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new ArmFailure("TooLarge", `answered more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Enough of it to say why. */
async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length >= 1_000) break;
  }
  return text;
}

function wholeAnswer(response: string): Answer {
  const parsed = Completion.safeParse(parseJson(response));
  if (!parsed.success)
    throw new ArmFailure("NotUnderstood", `answered no completion: ${z.prettifyError(parsed.error)}`);
  const [choice] = parsed.data.choices;
  if (choice === undefined) throw new ArmFailure("NotUnderstood", "answered without a choice");
  const surprise = new Surprise();
  surprise.add(choice.logprobs);
  return { text: choice.text, surprise: surprise.perToken() };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ArmFailure("NotUnderstood", "answered no JSON");
  }
}
