import type { Statement } from "./assess.ts";
import { unreadable } from "./explain.ts";
import { type Crossing, nothing, type Tally } from "./tally.ts";
import type { Verdict } from "./verdict.ts";

/**
 * The gate that hears another system's verdict. There is no test in it, and so no error rate: whoever answers answers for
 * that. A Fail is final, as any gate's. Everything else holds until the next answer.
 */
export interface WebhookAnswer {
  readonly sequence: number;
  readonly verdict: "Pass" | "Fail" | "Undecided";
  readonly message: string;
}

export interface WebhookState {
  /** Answers, and how many of them were a Pass. */
  readonly tally: Tally;
  /** The newest answer; the first Fail, once there is one. */
  readonly last?: Omit<WebhookAnswer, "sequence">;
  readonly failedAt?: Crossing;
}

export const emptyWebhook: WebhookState = { tally: nothing };

export function foldWebhook(state: WebhookState, { sequence, verdict, message }: WebhookAnswer): WebhookState {
  const { samples, sum } = state.tally;
  const tally = { samples: samples + 1, sum: sum + (verdict === "Pass" ? 1 : 0) };
  if (state.failedAt) return { ...state, tally };
  return { tally, last: { verdict, message }, ...(verdict === "Fail" && { failedAt: { sequence, ...tally } }) };
}

/** `problem`: why there is no answer at this look. */
export function assessWebhook(endpoint: string, state: WebhookState, problem?: string): Omit<Statement, "interval"> {
  const { samples, sum } = state.tally;
  return { verdict: verdictOf(state, problem), samples, sum, message: explain(endpoint, state, problem) };
}

function verdictOf({ failedAt, last }: WebhookState, problem: string | undefined): Verdict {
  if (failedAt) return "Fail";
  if (problem !== undefined) return "NoData";
  return last?.verdict ?? "Undecided";
}

function explain(endpoint: string, { tally, last, failedAt }: WebhookState, problem: string | undefined): string {
  if (last === undefined) {
    const nobody = `${endpoint} has not answered yet`;
    return problem === undefined ? nobody : unreadable("answers", problem, nobody);
  }
  const words = last.message === "" ? "" : `: ${last.message}`;
  if (failedAt) return `${endpoint} said Fail in its answer ${failedAt.samples}${words}`;
  const now = `${endpoint} said ${last.verdict} in its answer ${tally.samples}${words}`;
  return problem === undefined ? now : unreadable("answers", problem, now);
}
