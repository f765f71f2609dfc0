import type { PostPairRequest } from "../api/contracts/collector-api.ts";
import { type Clock, sleep } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";
import { type Arms, askBoth } from "./ask-both.ts";
import { askUnsure } from "./ask-unsure.ts";
import { boundedPool } from "./bounded-pool.ts";
import type { GenerationRequest } from "./generation-request.ts";
import type { IsAmongHighest } from "./least-sure.ts";
import type { RequestResult, SamplerMetrics } from "./metrics.ts";
import type { PairPoster } from "./pair-poster.ts";
import type { Redact } from "./redaction.ts";

/** From a mirrored request to a pair at the collector; nothing in it is waited for by a client. */
export interface Pipeline {
  /** To be compared. */
  take(request: GenerationRequest): Extract<RequestResult, "Taken" | "QueueFull" | "CollectorBehind">;
  /** To be made a pair to learn from, if stable is unsure of it; only while nothing waits to be compared. */
  consider(request: GenerationRequest): Extract<RequestResult, "Considered" | "NotConsidered">;
  /**
   * Asks nobody anew, finishes what is under way within a few seconds, then drops the rest. Nothing may be taken any more.
   * An arm may be removed as soon as this sampler is: that it fails from now on says nothing about its model.
   */
  close(): Promise<void>;
}

export interface PipelineDependencies {
  readonly canary: string;
  readonly arms: Arms;
  readonly isLeastSure: IsAmongHighest;
  readonly redact: Redact;
  readonly poster: PairPoster;
  readonly metrics: SamplerMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

/** What a request is asked for: which arm is better, or where stable has something to learn. */
export type Purpose = "Comparison" | "Training";

interface Task {
  readonly request: GenerationRequest;
  readonly purpose: Purpose;
}

/** Each asks two model servers. Live requests come first there, so only a few are asked at a time. */
const ASKED_AT_A_TIME = 4;
const POSTED_AT_A_TIME = 4;
/** How many wait, and how many characters in all: the pod has the memory for so many and no more. */
const WAITING_TO_BE_ASKED = { items: 64, size: 8 * 1024 * 1024 };
const WAITING_TO_BE_POSTED = { items: 1_000, size: 16 * 1024 * 1024 };
const CLOSING_MS = 5_000;

export function createPipeline(dependencies: PipelineDependencies): Pipeline {
  const { canary, arms, isLeastSure, redact, poster, metrics, clock, random, logger } = dependencies;
  const stopping = new AbortController();
  const { signal } = stopping;
  let isClosing = false;
  function onError(error: unknown): void {
    if (!signal.aborted) logger.error({ problem: String(error) }, "sample lost");
  }

  const posts = boundedPool<PostPairRequest>({
    concurrency: POSTED_AT_A_TIME,
    capacity: WAITING_TO_BE_POSTED,
    sizeOf: sizeOfPair,
    work: async (pair) => metrics.pair(await poster.post(pair, signal)),
    onError,
  });
  const asks = boundedPool<Task>({
    concurrency: ASKED_AT_A_TIME,
    capacity: WAITING_TO_BE_ASKED,
    sizeOf: ({ request }) => request.size,
    async work({ request, purpose }) {
      const pair = await (purpose === "Comparison" ? compare(request) : learn(request));
      if (pair === undefined) return;
      const redacted = redact(pair);
      if (redacted === undefined) metrics.pair("NotRedacted");
      else if (!posts.offer(redacted)) metrics.pair("GaveUp");
    },
    onError,
  });

  async function compare(request: GenerationRequest): Promise<PostPairRequest | undefined> {
    const start = clock.monotonic();
    const { pair, results } = await askBoth(arms, request, { canary, random, signal });
    if (isClosing && results.some(([, result]) => result !== "Text")) return undefined;
    metrics.pairAsked((clock.monotonic() - start) / 1000);
    for (const [arm, result] of results) metrics.answer(arm, result);
    return pair;
  }

  async function learn(request: GenerationRequest): Promise<PostPairRequest | undefined> {
    const { pair, result } = await askUnsure(arms.stable, request, { canary, random, signal, isLeastSure });
    metrics.considered(result);
    return pair;
  }

  metrics.watchPool("ask", asks);
  metrics.watchPool("post", posts);

  return {
    take(request) {
      // An answer that cannot be handed on is not worth a model's time.
      if (posts.isFull()) return "CollectorBehind";
      return asks.offer({ request, purpose: "Comparison" }) ? "Taken" : "QueueFull";
    },
    consider(request) {
      const isIdle = asks.waiting() === 0 && !posts.isFull();
      return isIdle && asks.offer({ request, purpose: "Training" }) ? "Considered" : "NotConsidered";
    },
    async close() {
      isClosing = true;
      asks.drop();
      const finished = asks.idle().then(() => posts.idle());
      await Promise.race([finished, sleep(clock, CLOSING_MS, signal)]);
      stopping.abort(new Error("the sampler is closing"));
      const { stable, candidate, baseline } = arms;
      await Promise.all([finished, stable.close(), candidate?.close(), baseline?.close(), poster.close()]);
    },
  };
}

/** In characters. */
function sizeOfPair({ prompt, stable, candidate, other }: PostPairRequest): number {
  const texts = [stable, candidate, other].map((answer) => (answer && "text" in answer ? answer.text.length : 0));
  return texts.reduce((sum, length) => sum + length, prompt.length);
}
