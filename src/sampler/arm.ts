import { type Dispatcher, Pool } from "undici";
import type { ArmAnswer } from "../api/contracts/collector-api.ts";
import { type Clock, withDeadline } from "../runtime/clock.ts";
import { type Answer, type Response, readAnswer } from "./answer.ts";
import { ArmFailure, type FailureReason } from "./arm-failure.ts";
import type { GenerationRequest } from "./generation-request.ts";
import { storableText } from "./storable-text.ts";

export type AnswerResult = "Text" | FailureReason;

export interface Asked {
  readonly answer: ArmAnswer;
  readonly result: AnswerResult;
  /** See Answer; where the request asked for it. */
  readonly surprise?: number | undefined;
}

/** One revision's model server. */
export interface Arm {
  /**
   * The arm's answer, or why there is none: a refusal, a time-out and an answer that breaks off or is no answer are all
   * failures of the arm. Rejects only when `signal` is aborted, which says nothing about the arm.
   */
  ask(request: GenerationRequest, seed: number, signal: AbortSignal): Promise<Asked>;
  close(): Promise<void>;
}

export interface ArmOptions {
  readonly revision: string;
  readonly url: string;
  readonly timeoutSeconds: number;
  readonly clock: Clock;
}

/** Characters of what is told of a failure. */
const MAX_ERROR = 300;

export function openArm({ revision, url, timeoutSeconds, clock }: ArmOptions): Arm {
  // The deadline below is the only time limit, and holds for the whole answer.
  const pool = new Pool(new URL(url).origin, { headersTimeout: 0, bodyTimeout: 0 });
  return {
    async ask(request, seed, signal) {
      const work = async (deadline: AbortSignal) => {
        try {
          return await answerOf(pool, request, seed, deadline);
        } catch (error) {
          if (deadline.aborted) throw new ArmFailure("TimedOut", `gave no whole answer within ${timeoutSeconds} s`);
          throw error;
        }
      };
      try {
        const { text, surprise } = await withDeadline(clock, timeoutSeconds * 1000, work, signal);
        return { answer: { revision, text }, result: "Text", surprise };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ArmFailure)) throw error;
        return {
          answer: { revision, error: storableText(error.message.slice(0, MAX_ERROR)) },
          result: error.reason,
        };
      }
    },
    close: () => pool.destroy(),
  };
}

async function answerOf(pool: Pool, request: GenerationRequest, seed: number, signal: AbortSignal): Promise<Answer> {
  const response = await post(pool, request, seed, signal);
  try {
    return await readAnswer(response);
  } catch (error) {
    throw error instanceof ArmFailure ? error : new ArmFailure("BrokeOff", `broke its answer off: ${textOf(error)}`);
  }
}

async function post(pool: Pool, request: GenerationRequest, seed: number, signal: AbortSignal): Promise<Response> {
  const { path, body, authorization } = request;
  const options: Dispatcher.RequestOptions = {
    method: "POST",
    path,
    headers: { "content-type": "application/json", ...(authorization !== undefined && { authorization }) },
    body: JSON.stringify({ ...body, seed }),
    signal,
  };
  try {
    const { statusCode, headers, body: answer } = await pool.request(options);
    return { status: statusCode, contentType: String(headers["content-type"] ?? ""), body: answer };
  } catch (error) {
    throw new ArmFailure("Unreachable", textOf(error));
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}
