import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type BlindPair, LeaseResponse, PostItemsResponse } from "../../src/api/contracts/collector-api.ts";
import { prefer, type Taste, utility } from "../../trainer-image/src/demo/utility.ts";
import type { HttpClient } from "./http-client.ts";

export interface RatersOptions {
  readonly collector: HttpClient;
  readonly namespace: string;
  readonly dataset: string;
  /** What raters like at this moment. */
  readonly taste: () => Taste;
  readonly random: () => number;
}

export interface Raters {
  /** Every pair that was judged, as the raters saw it: blind. */
  readonly judged: readonly BlindPair[];
  stop(): Promise<void>;
}

const LABELERS = ["ada", "grace", "alan"];
const PAIRS_AT_A_TIME = 8;
const IDLE_MS = 250;
/** Standard deviation of what a rater thinks of one text; utilities are between 0 and 1. */
export const RATER_NOISE = 0.1;

/** Simulated people: each takes pairs, judges the two texts alone, and posts the choice. */
export function startRaters(options: RatersOptions): Raters {
  const judged: BlindPair[] = [];
  const stopped = new AbortController();

  async function rate(labeler: string): Promise<void> {
    while (!stopped.signal.aborted) {
      const pairs = await lease(options, labeler);
      if (pairs.length === 0) await sleep(IDLE_MS, undefined, { signal: stopped.signal }).catch(() => {});
      // One post a choice, as people post them: what they decide counts from then on.
      for (const pair of pairs) {
        await choose(options, labeler, pair);
        judged.push(pair);
      }
    }
  }

  const ended = Promise.all(LABELERS.map(rate));
  return {
    judged,
    async stop() {
      stopped.abort();
      await ended;
    },
  };
}

/** The better text by taste, as a noisy rater sees it. */
export function judge(pair: Pick<BlindPair, "a" | "b">, taste: Taste, random: () => number): "A" | "B" | "Tie" {
  return prefer(utility(pair.a, taste), utility(pair.b, taste), RATER_NOISE, random);
}

async function lease({ collector, namespace, dataset }: RatersOptions, labeler: string): Promise<BlindPair[]> {
  const path = `/v1/namespaces/${namespace}/datasets/${dataset}/pairs/lease`;
  const { status, body } = await collector.send("POST", path, { labeler, count: PAIRS_AT_A_TIME, seconds: 60 });
  // The collector may be starting again; the pairs wait.
  return status === 200 ? LeaseResponse.parse(body).pairs : [];
}

async function choose(
  { collector, namespace, dataset, taste, random }: RatersOptions,
  labeler: string,
  pair: BlindPair,
): Promise<void> {
  const choice = { id: randomUUID(), pair: pair.id, lease: pair.lease, labeler, choice: judge(pair, taste(), random) };
  const { status, body } = await collector.send("POST", `/v1/namespaces/${namespace}/datasets/${dataset}/choices`, {
    choices: [choice],
  });
  if (status === 200) PostItemsResponse.parse(body);
}
