import * as z from "zod";
import { LIMITS } from "../api/contracts/collector-api.ts";
import { readAnswerStream } from "./answer-stream.ts";
import { ArmFailure } from "./arm-failure.ts";
import { storableText } from "./storable-text.ts";

/** What a model server sends. */
export interface Response {
  readonly status: number;
  readonly contentType: string;
  /** Throws when the connection breaks before the end. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Bytes of an answer in one piece: JSON may take six for a character, and has more in it than the text. */
const MAX_BYTES = 4 * 1024 * 1024;

const Completion = z.object({
  choices: z.array(
    z.union([
      z.object({ message: z.object({ content: z.string().nullable() }) }).transform(({ message }) => message.content),
      z.object({ text: z.string() }).transform(({ text }) => text),
    ]),
  ),
});

/** The text of a completion, whole or streamed. Throws an ArmFailure when there is none, or only a part of it. */
export async function readAnswer({ status, contentType, body }: Response): Promise<string> {
  if (status !== 200) throw new ArmFailure("Refused", `answered ${status}: ${await beginningOf(body)}`);
  const isStream = /^text\/event-stream\b/i.test(contentType);
  const text = storableText(isStream ? await readAnswerStream(body) : textOf(await readText(body)));
  if (text.length > LIMITS.text)
    throw new ArmFailure("TooLarge", `answered ${text.length} characters, more than ${LIMITS.text}`);
  return text;
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

function textOf(response: string): string {
  const parsed = Completion.safeParse(parseJson(response));
  if (!parsed.success)
    throw new ArmFailure("NotUnderstood", `answered no completion: ${z.prettifyError(parsed.error)}`);
  const [content] = parsed.data.choices;
  if (content === undefined) throw new ArmFailure("NotUnderstood", "answered without a choice");
  return content ?? "";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ArmFailure("NotUnderstood", "answered no JSON");
  }
}
