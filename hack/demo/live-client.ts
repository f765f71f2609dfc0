import { setTimeout as sleep } from "node:timers/promises";
import { ARM_HEADER } from "../../src/api/v1alpha1/metadata.ts";
import type { HttpClient } from "./http-client.ts";

/** A request of the live client: when it was sent and which arm answered. */
export interface Served {
  readonly startedAt: number;
  readonly arm: string;
}

export interface LiveClient {
  readonly requests: number;
  readonly failed: number;
  /** What went wrong with the failed ones, the first few. */
  readonly failures: readonly string[];
  readonly served: readonly Served[];
  stop(): Promise<void>;
}

/** Sends chat requests at an even pace until it is stopped, each with the next prompt, and counts what it gets. */
export function startLiveClient(assistant: HttpClient, prompts: readonly string[], perSecond: number): LiveClient {
  const served: Served[] = [];
  const failures: string[] = [];
  let requests = 0;
  let failed = 0;
  const stopped = new AbortController();
  const pending = new Set<Promise<void>>();

  async function ask(prompt: string): Promise<void> {
    const startedAt = Date.now();
    requests += 1;
    try {
      const { status, headers } = await assistant.send("POST", "/v1/chat/completions", {
        messages: [{ role: "user", content: prompt }],
      });
      if (status !== 200) throw new Error(`status ${status}`);
      served.push({ startedAt, arm: String(headers[ARM_HEADER] ?? "") });
    } catch (error) {
      failed += 1;
      if (failures.length < 5) failures.push(`${new Date(startedAt).toISOString()}: ${(error as Error).message}`);
    }
  }

  async function loop(): Promise<void> {
    for (let next = 0; !stopped.signal.aborted; next += 1) {
      const request = ask(prompts[next % prompts.length] ?? "").finally(() => pending.delete(request));
      pending.add(request);
      await sleep(1000 / perSecond, undefined, { signal: stopped.signal }).catch(() => {});
    }
    await Promise.all(pending);
  }

  const ended = loop();
  return {
    get requests() {
      return requests;
    },
    get failed() {
      return failed;
    },
    failures,
    served,
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}
