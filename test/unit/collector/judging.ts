import { expect } from "vitest";
import type { BlindPair } from "../../../src/api/contracts/collector-api.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import type { TestCollector } from "./running-collector.ts";

export const DATASET = "/v1/namespaces/team/datasets/support";
export const CANARY = "/v1/namespaces/team/canaries/assistant";

/** Wall-clock time that a test moves; timers stay real, so that HTTP works as always. */
export function movableClock() {
  let offset = 0;
  return {
    ...systemClock,
    now: () => new Date(Date.now() + offset),
    move(milliseconds: number) {
      offset += milliseconds;
    },
  };
}

export function pairOf(id: string, over: object = {}) {
  return {
    id,
    canary: "assistant",
    prompt: `prompt of ${id}`,
    stable: { revision: "5ab1e00000", text: `old ${id}` },
    candidate: { revision: "ca4d1da7e0", text: `new ${id}` },
    ...over,
  };
}

export async function postPairs(collector: TestCollector, ...pairs: object[]): Promise<void> {
  for (const pair of pairs) {
    const answer = await collector.call("POST", `${DATASET}/pairs`, pair);
    expect(answer).toEqual({ status: 200, body: { queued: true } });
  }
}

export async function lease(
  collector: TestCollector,
  labeler: string,
  { count = 10, seconds = 60 } = {},
): Promise<BlindPair[]> {
  const { status, body } = await collector.call("POST", `${DATASET}/pairs/lease`, { labeler, count, seconds });
  expect(status).toBe(200);
  return body.pairs;
}

/** The choice of the answer whose text begins like this. */
export function choose(pair: BlindPair, labeler: string, beginning: string) {
  const choice = pair.a.startsWith(beginning) ? "A" : "B";
  return { id: `choice of ${pair.id} by ${labeler}`, pair: pair.id, lease: pair.lease, labeler, choice };
}

export async function comparisons(
  collector: TestCollector,
  query = "",
  revisions = "candidate=ca4d1da7e0&stable=5ab1e00000",
) {
  return collector.call("GET", `${CANARY}/comparisons?${revisions}${query}`);
}

export async function preferences(collector: TestCollector, query = "") {
  const { body } = await collector.call("GET", `${DATASET}/preferences${query}`);
  return body === ""
    ? []
    : body
        .trimEnd()
        .split("\n")
        .map((line: string) => JSON.parse(line));
}
