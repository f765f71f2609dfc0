import type { Registry } from "prom-client";
import { instruments } from "../telemetry/instruments.ts";
import type { Position } from "./prompt.ts";
import type { FailureReason } from "./server-failure.ts";

/**
 * Preferred: one answer, in both orders. Tie: each order another one. Unclear: words that are neither. NotTaken: the
 * collector did not take the choice, as when the lease was over. The others: why the judge's server gave no answer.
 */
export type PairResult = "Preferred" | "Tie" | "Unclear" | "NotTaken" | FailureReason;

export interface JudgeMetrics {
  pair(result: PairResult): void;
  verdict(position: Position): void;
  failure(reason: FailureReason): void;
}

export function createJudgeMetrics(registry: Registry): JudgeMetrics {
  const { counter } = instruments(registry, []);
  const pairs = counter("dpo_judge_pairs_total", "Pairs by what came of them; all but Preferred and Tie are skipped.", [
    "result",
  ]);
  const verdicts = counter(
    "dpo_judge_verdicts_total",
    "Which of two answers was preferred, by its place: a judge that leans to none has as many of both.",
    ["position"],
  );
  const failures = counter("dpo_judge_failures_total", "Requests that the judge's server did not answer.", ["reason"]);
  return {
    pair: (result) => pairs.inc({ result }),
    verdict: (position) => verdicts.inc({ position }),
    failure: (reason) => failures.inc({ reason }),
  };
}
