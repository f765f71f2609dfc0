import { Pool } from "undici";
import { z } from "zod";
import { type ArmAnswer, LIMITS } from "../api/contracts/collector-api.ts";
import { type Clock, withDeadline } from "../runtime/clock.ts";
import type { GenerationRequest } from "./generation-request.ts";
import { storableText } from "./storable-text.ts";

/** One revision's model server. */
export interface Arm {
  /**
   * The arm's answer, or why there is none: a refusal, a time-out and an answer that is no answer are all failures of
   * the arm. Rejects only when `signal` is aborted, which says nothing about the arm.
   */
  ask(request: GenerationRequest, seed: number, signal: AbortSignal): Promise<ArmAnswer>;
  close(): Promise<void>;
}

export interface ArmOptions {
  readonly revision: string;
  readonly url: string;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
}

const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

const Completion = z.object({
  choices: z.array(
    z.union([
      z.object({ message: z.object({ content: z.string().nullable() }) }).transform(({ message }) => message.content),
      z.object({ text: z.string() }).transform(({ text }) => text),
    ]),
  ),
});

export function openArm({ revision, url, timeoutSeconds, clock }: ArmOptions): Arm {
  // The deadline below is the only time limit, and holds for the whole answer.
  const pool = new Pool(new URL(url).origin, {
    headersTimeout: 0,
    bodyTimeout: 0,
    maxResponseSize: MAX_RESPONSE_BYTES,
  });
  return {
    async ask(request, seed, signal) {
      try {
        const work = (deadline: AbortSignal) => post(pool, request, seed, deadline);
        return { revision, text: textOf(await withDeadline(clock, timeoutSeconds * 1000, work, signal)) };
      } catch (error) {
        signal.throwIfAborted();
        return { revision, error: describe(error) };
      }
    },
    close: () => pool.destroy(),
  };
}

async function post(pool: Pool, request: GenerationRequest, seed: number, signal: AbortSignal): Promise<string> {
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: request.path,
    headers: {
      "content-type": "application/json",
      ...(request.authorization !== undefined && { authorization: request.authorization }),
    },
    body: JSON.stringify({ ...request.body, seed }),
    signal,
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`answered ${statusCode}: ${text}`);
  return text;
}

function textOf(response: string): string {
  const [content] = Completion.parse(JSON.parse(response)).choices;
  if (content === undefined) throw new Error("answered without a choice");
  const text = storableText(content ?? "");
  if (text.length > LIMITS.text) throw new Error(`answered ${text.length} characters, more than ${LIMITS.text}`);
  return text;
}

function describe(error: unknown): string {
  if (error instanceof z.ZodError) return `answered no completion: ${z.prettifyError(error)}`.slice(0, 300);
  const text = error instanceof Error ? error.message || error.name : String(error);
  return storableText(text).slice(0, 300);
}
