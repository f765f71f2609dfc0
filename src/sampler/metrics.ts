import type { Registry } from "prom-client";
import { instruments } from "../telemetry/instruments.ts";
import type { AnswerResult } from "./arm.ts";
import type { AskedArm } from "./ask-both.ts";
import type { ConsideredResult } from "./ask-unsure.ts";
import type { BoundedPool } from "./bounded-pool.ts";
import type { IgnoredReason } from "./generation-request.ts";
import type { PostOutcome } from "./pair-poster.ts";

/**
 * Taken: will be compared. Considered: stable will be asked how sure it is. NotConsidered: what is to be compared goes first.
 * NotSampled: its cohort has its share. QueueFull: both arms are busy. CollectorBehind: too many pairs wait to be posted
 * already.
 */
export type RequestResult =
  | "Taken"
  | "Considered"
  | "NotConsidered"
  | IgnoredReason
  | "TooLarge"
  | "NotSampled"
  | "QueueFull"
  | "CollectorBehind";

/** NotRedacted: the rules took too long. */
export type PairOutcome = PostOutcome | "NotRedacted";

export interface SamplerMetrics {
  request(result: RequestResult): void;
  answer(arm: AskedArm, result: AnswerResult): void;
  pairAsked(seconds: number): void;
  considered(result: ConsideredResult): void;
  pair(outcome: PairOutcome): void;
  redacted(rule: string, times: number): void;
  watchPool(stage: "ask" | "post", pool: Pick<BoundedPool<unknown>, "waiting">): void;
}

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createSamplerMetrics(registry: Registry): SamplerMetrics {
  const { counter, gauge, histogram } = instruments(registry, SECONDS);
  const requests = counter("dpo_sampler_requests_total", "Mirrored requests: taken, or dropped by reason.", ["result"]);
  const answers = counter(
    "dpo_sampler_answers_total",
    "What arms and baseline answered: Text, or why there is none; other is stable asked a second time.",
    ["arm", "result"],
  );
  const asked = histogram("dpo_sampler_ask_seconds", "From asking both arms to having both answers.", []);
  const considered = counter(
    "dpo_sampler_considered_total",
    "Requests that stable was asked for how sure it is, by what came of them: Kept ones are pairs to learn from.",
    ["result"],
  );
  const pairs = counter(
    "dpo_sampler_pairs_total",
    "Pairs by what the collector made of them; Refused, GaveUp and NotRedacted are lost, and of Failed there was nothing to compare.",
    ["outcome"],
  );
  const redactions = counter("dpo_sampler_redactions_total", "What was replaced before storing, by rule.", ["rule"]);
  const pools = new Map<string, Pick<BoundedPool<unknown>, "waiting">>();
  gauge(
    "dpo_sampler_waiting",
    "Requests that wait to be asked, pairs that wait to be posted.",
    ["stage"],
    (waiting) => {
      for (const [stage, pool] of pools) waiting.set({ stage }, pool.waiting());
    },
  );
  return {
    request: (result) => requests.inc({ result }),
    answer: (arm, result) => answers.inc({ arm, result }),
    pairAsked: (seconds) => asked.observe(seconds),
    considered: (result) => considered.inc({ result }),
    pair: (outcome) => pairs.inc({ outcome }),
    redacted: (rule, times) => redactions.inc({ rule }, times),
    watchPool: (stage, pool) => pools.set(stage, pool),
  };
}
