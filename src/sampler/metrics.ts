import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { ArmAnswer } from "../api/contracts/collector-api.ts";
import type { BoundedPool } from "./bounded-pool.ts";
import type { IgnoredReason } from "./generation-request.ts";
import type { PostOutcome } from "./pair-poster.ts";

/** Taken: will be asked. QueueFull: both arms are busy. CollectorBehind: too many pairs wait to be posted already. */
export type RequestResult = "Taken" | IgnoredReason | "TooLarge" | "QueueFull" | "CollectorBehind";

export interface SamplerMetrics {
  request(result: RequestResult): void;
  answer(arm: "stable" | "candidate" | "other", answer: ArmAnswer): void;
  pairAsked(seconds: number): void;
  pair(outcome: PostOutcome): void;
  watchPool(stage: "ask" | "post", pool: Pick<BoundedPool<unknown>, "waiting">): void;
}

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createSamplerMetrics(registry: Registry): SamplerMetrics {
  const registers = [registry];
  const requests = new Counter({
    name: "dpo_sampler_requests_total",
    help: "Mirrored requests: taken, or dropped by reason.",
    labelNames: ["result"],
    registers,
  });
  const answers = new Counter({
    name: "dpo_sampler_answers_total",
    help: "Answers of the arms; other is stable asked a second time.",
    labelNames: ["arm", "result"],
    registers,
  });
  const asked = new Histogram({
    name: "dpo_sampler_ask_seconds",
    help: "From asking both arms to having both answers.",
    buckets: SECONDS,
    registers,
  });
  const pairs = new Counter({
    name: "dpo_sampler_pairs_total",
    help: "Pairs by what the collector made of them; Refused and GaveUp are lost.",
    labelNames: ["outcome"],
    registers,
  });
  const pools = new Map<string, Pick<BoundedPool<unknown>, "waiting">>();
  new Gauge({
    name: "dpo_sampler_waiting",
    help: "Requests that wait to be asked, pairs that wait to be posted.",
    labelNames: ["stage"],
    registers,
    collect() {
      for (const [stage, pool] of pools) this.set({ stage }, pool.waiting());
    },
  });
  return {
    request: (result) => requests.inc({ result }),
    answer: (arm, answer) => answers.inc({ arm, result: "text" in answer ? "Text" : "Error" }),
    pairAsked: (seconds) => asked.observe(seconds),
    pair: (outcome) => pairs.inc({ outcome }),
    watchPool: (stage, pool) => pools.set(stage, pool),
  };
}
