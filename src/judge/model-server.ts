import { type Dispatcher, Pool } from "undici";
import * as z from "zod";
import type { JudgeConfig } from "../api/contracts/judge.ts";
import { type Clock, sleep, withDeadline } from "../runtime/clock.ts";
import { retryDelayMs } from "../runtime/retry-delay.ts";
import type { Message } from "./prompt.ts";
import { failureOfStatus, ServerFailure } from "./server-failure.ts";

/** The OpenAI-compatible server of the judge. */
export interface ModelServer {
  /**
   * What the model says. Waits out what passes (rate limits, outages, a key that somebody has to renew) until `until` on the
   * monotonic clock, then rejects with the ServerFailure; at once with one that lasts, or when `signal` is aborted.
   */
  complete(messages: readonly Message[], until: number, signal: AbortSignal): Promise<string>;
  close(): Promise<void>;
}

export interface ModelServerDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  /** Told of what is waited out. */
  readonly onFailure: (failure: ServerFailure) => void;
  /** Milliseconds for one answer; a minute unless it is said. */
  readonly timeoutMs?: number;
}

const ANSWER_MS = 60_000;
const MAX_BYTES = 1024 * 1024;

/** Characters of an error that are told. */
const MAX_ERROR = 200;

const Completion = z.object({
  choices: z.tuple([z.object({ message: z.object({ content: z.string() }) })], z.unknown()),
});

export function openModelServer(
  { url, model }: JudgeConfig["server"],
  apiKey: string | undefined,
  { clock, random, onFailure, timeoutMs = ANSWER_MS }: ModelServerDependencies,
): ModelServer {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { headersTimeout: 0, bodyTimeout: 0, maxResponseSize: MAX_BYTES });
  const request: Dispatcher.RequestOptions = {
    method: "POST",
    path: `${pathname.replace(/\/$/, "")}/chat/completions`,
    headers: {
      "content-type": "application/json",
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    },
  };

  async function once(messages: readonly Message[], signal: AbortSignal): Promise<string> {
    const body = JSON.stringify({ model, messages, temperature: 0, seed: 0 });
    const { statusCode, headers, body: answer } = await pool.request({ ...request, body, signal });
    const text = await answer.text();
    if (statusCode === 200) return wordsOf(text);
    throw failureOfStatus(statusCode, text.slice(0, MAX_ERROR), readRetryAfter(headers["retry-after"], clock.now()));
  }

  return {
    async complete(messages, until, signal) {
      const work = (deadline: AbortSignal) => inTime(() => once(messages, deadline), deadline);
      for (let failures = 1; ; failures++) {
        try {
          return await withDeadline(clock, timeoutMs, work, signal);
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof ServerFailure)) throw error;
          onFailure(error);
          const delay = Math.max(error.retryAfterMs, retryDelayMs(failures, random));
          if (!error.isPassing || clock.monotonic() + delay > until) throw error;
          await sleep(clock, delay, signal);
        }
      }
    },
    close: () => pool.destroy(),
  };
}

async function inTime(work: () => Promise<string>, deadline: AbortSignal): Promise<string> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServerFailure) throw error;
    if (deadline.aborted) throw new ServerFailure("TimedOut", "gave no answer in time");
    throw new ServerFailure("Unavailable", error instanceof Error ? error.message || error.name : String(error));
  }
}

function wordsOf(text: string): string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new ServerFailure("NotUnderstood", `answered no JSON: ${text.slice(0, MAX_ERROR)}`);
  }
  const parsed = Completion.safeParse(json);
  if (!parsed.success)
    throw new ServerFailure("NotUnderstood", `answered no completion: ${z.prettifyError(parsed.error)}`);
  return parsed.data.choices[0].message.content;
}

/** Seconds or a date, in milliseconds from now; 0 where there is none. */
function readRetryAfter(header: string | string[] | undefined, now: Date): number {
  if (typeof header !== "string") return 0;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(header) - now.getTime();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
