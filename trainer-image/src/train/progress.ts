import { readFile } from "node:fs/promises";
import { PROGRESS_METRICS, type ProgressBody } from "../../../src/api/contracts/train.ts";
import type { StepMetrics } from "./optimize.ts";

export interface ProgressTarget {
  /** full URL to POST to */
  url: string;
  /** with a bearer token; read at every push, since the kubelet renews it */
  tokenFile: string | undefined;
}

const intervalMs = 2000;
const timeoutMs = 5000;

/** Pushes progress at most every two seconds, and the last step always. A push that fails never fails the training. */
export class ProgressReporter {
  readonly #target: ProgressTarget;
  readonly #log: (line: string) => void;
  readonly #started = Date.now();
  #pushedAt = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> = Promise.resolve();
  #tokens = 0;
  #failing = false;

  constructor(target: ProgressTarget, log: (line: string) => void) {
    this.#target = target;
    this.#log = log;
  }

  report(metrics: StepMetrics): void {
    this.#tokens += metrics.tokens;
    const now = Date.now();
    if (now - this.#pushedAt < intervalMs && metrics.step < metrics.totalSteps) return;
    this.#pushedAt = now;
    const body = progressBody(metrics, { elapsedMs: now - this.#started, tokens: this.#tokens, now: new Date(now) });
    this.#pending = this.#pending.then(() => this.#push(body));
  }

  /** When what was reported has been sent, or given up. */
  async flushed(): Promise<void> {
    await this.#pending;
  }

  async #push(body: ProgressBody): Promise<void> {
    try {
      const response = await fetch(this.#target.url, {
        method: "POST",
        headers: { "content-type": "application/json", ...(await this.#authorization()) },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#log(`progress is not pushed to ${this.#target.url}: ${error}; training goes on`);
      this.#failing = true;
    }
  }

  async #authorization(): Promise<Record<string, string>> {
    const { tokenFile } = this.#target;
    return tokenFile === undefined ? {} : { authorization: `Bearer ${(await readFile(tokenFile, "utf8")).trim()}` };
  }
}

/** KEP-2779's body; `tokens` were trained on in `elapsedMs`. */
export function progressBody(
  { step, totalSteps, loss, rewardAccuracy, rewardMargin }: StepMetrics,
  { elapsedMs, tokens, now }: { elapsedMs: number; tokens: number; now: Date },
): ProgressBody {
  const seconds = elapsedMs / 1000;
  const metrics = [
    { name: PROGRESS_METRICS.step, value: String(step) },
    { name: PROGRESS_METRICS.totalSteps, value: String(totalSteps) },
    { name: PROGRESS_METRICS.loss, value: loss.toFixed(4) },
    { name: PROGRESS_METRICS.rewardAccuracy, value: rewardAccuracy.toFixed(4) },
    { name: PROGRESS_METRICS.rewardMargin, value: rewardMargin.toFixed(4) },
    { name: PROGRESS_METRICS.tokensPerSecond, value: (seconds > 0 ? tokens / seconds : 0).toFixed(0) },
  ];
  return {
    trainerStatus: {
      progressPercentage: Math.floor((100 * step) / totalSteps),
      estimatedRemainingSeconds: Math.ceil((seconds * (totalSteps - step)) / step),
      metrics,
      lastUpdatedTime: now.toISOString(),
    },
  };
}
