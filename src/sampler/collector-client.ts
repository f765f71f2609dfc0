import { readFile } from "node:fs/promises";
import { Pool } from "undici";
import { ErrorBody, type PostPairRequest, PostPairResponse } from "../api/contracts/collector-api.ts";
import type { SamplerConfig } from "../api/contracts/sampler.ts";
import { type Clock, sleep, withDeadline } from "../runtime/clock.ts";
import type { Logger } from "../telemetry/logger.ts";

export type PostOutcome = "Queued" | NonNullable<PostPairResponse["reason"]> | "Refused" | "GaveUp";

export interface CollectorClient {
  /**
   * Posts a pair until the collector has it, refuses it, or has not answered for some minutes. The pair's id makes a
   * second post harmless. Rejects only when `signal` is aborted.
   */
  post(pair: PostPairRequest, signal: AbortSignal): Promise<PostOutcome>;
  close(): Promise<void>;
}

export interface CollectorClientDependencies {
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
}

const ATTEMPTS = 10;
const ATTEMPT_TIMEOUT_MS = 10_000;
const FIRST_DELAY_MS = 200;
const LONGEST_DELAY_MS = 30_000;

/** A refusal that another attempt would meet again. */
class Refusal extends Error {}

export function createCollectorClient(
  { namespace, dataset, collector }: Pick<SamplerConfig, "namespace" | "dataset" | "collector">,
  { clock, random, logger }: CollectorClientDependencies,
): CollectorClient {
  const pool = new Pool(new URL(collector.url).origin);
  const path = `/v1/namespaces/${encodeURIComponent(namespace)}/datasets/${encodeURIComponent(dataset)}/pairs`;

  async function attempt(pair: PostPairRequest, signal: AbortSignal): Promise<PostOutcome> {
    const token = (await readFile(collector.tokenFile, "utf8")).trim();
    const { statusCode, body } = await pool.request({
      method: "POST",
      path,
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify(pair),
      signal,
    });
    const text = await body.text();
    if (statusCode === 200) return outcomeOf(PostPairResponse.parse(JSON.parse(text)));
    const problem = `the collector answered ${statusCode} to a pair: ${problemOf(text)}`;
    throw isPermanent(statusCode) ? new Refusal(problem) : new Error(problem);
  }

  return {
    async post(pair, signal) {
      for (let failures = 0; failures < ATTEMPTS; failures++) {
        if (failures > 0) await sleep(clock, delayAfter(failures, random), signal);
        try {
          return await withDeadline(clock, ATTEMPT_TIMEOUT_MS, (deadline) => attempt(pair, deadline), signal);
        } catch (error) {
          signal.throwIfAborted();
          logger.warn({ pair: pair.id, problem: String(error) }, "pair not taken by the collector");
          if (error instanceof Refusal) return "Refused";
        }
      }
      return "GaveUp";
    },
    close: () => pool.destroy(),
  };
}

function outcomeOf({ queued, reason }: PostPairResponse): PostOutcome {
  return queued ? "Queued" : (reason ?? "Refused");
}

/** Tokens are renewed and reviewed with a delay, so being told to authenticate is worth another attempt. */
function isPermanent(statusCode: number): boolean {
  return statusCode >= 400 && statusCode < 500 && ![401, 403, 408, 429].includes(statusCode);
}

function problemOf(text: string): string {
  try {
    return ErrorBody.parse(JSON.parse(text)).error.message;
  } catch {
    return text.slice(0, 300);
  }
}

/** Doubling, and spread over half of it, so that samplers do not come back all at once. */
function delayAfter(failures: number, random: () => number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1)) * (0.75 + random() / 2);
}
