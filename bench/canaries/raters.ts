import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { LeaseResponse, PostItemsResponse } from "../../src/api/contracts/collector-api.ts";
import { DATASET, each, type Run } from "./scene.ts";

/** Whether the candidate wins this one. */
export type Taste = (run: Run, number: number) => boolean;

/** A pair that is leased and can be judged. */
interface Leased {
  readonly run: Run;
  readonly choice: { id: string; pair: string; lease: string; labeler: string; choice: "A" | "B" };
}

export interface Raters {
  /** Queues and leases so many pairs of every run; nothing is judged yet. */
  prepare(perRun: number): Promise<void>;
  /** Judges so many a second, run by run in turn, until the time or the pairs are over. */
  judge(perSecond: number, seconds: number): Promise<Judged>;
  close(): Promise<void>;
}

export interface Judged {
  /** When the collector's acknowledgement of each record came, by its sequence number; performance.now(). */
  readonly acknowledged: ReadonlyMap<number, number>;
  readonly seconds: number;
}

const TICK_MS = 100;
const LABELER = "bench";

export function createRaters(url: string, runs: readonly Run[], taste: Taste): Raters {
  const pool = new Pool(url, { connections: 16 });
  const leased: Leased[] = [];

  async function post(namespace: string, path: string, body: unknown): Promise<unknown> {
    const response = await pool.request({
      method: "POST",
      path: `/v1/namespaces/${namespace}/datasets/${DATASET}/${path}`,
      headers: { authorization: `Bearer ${namespace}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`${path}: HTTP ${response.statusCode}: ${text}`);
    return JSON.parse(text);
  }

  async function queue(run: Run, number: number): Promise<void> {
    const { namespace, canary, stable, candidate } = run;
    const id = `${canary}.${number}`;
    await post(namespace, "pairs", {
      id,
      canary,
      prompt: `${id}: what would you do on a day off?`,
      stable: { revision: stable, text: "I would read." },
      candidate: { revision: candidate, text: "I would walk by the sea." },
    });
  }

  async function lease(namespace: string, count: number): Promise<void> {
    const byName = new Map(runs.filter((run) => run.namespace === namespace).map((run) => [run.canary, run]));
    for (let left = count; left > 0; ) {
      const answer = await post(namespace, "pairs/lease", {
        labeler: LABELER,
        count: Math.min(left, 100),
        seconds: 3_600,
      });
      const { pairs } = LeaseResponse.parse(answer);
      if (pairs.length === 0) throw new Error(`${namespace}: ${left} pairs are not handed out`);
      left -= pairs.length;
      for (const { id, lease: name, a } of pairs) {
        const [canary = "", number] = id.split(".");
        const run = byName.get(canary);
        if (run === undefined) throw new Error(`${id} is of no run`);
        const isCandidateA = a.includes("sea");
        const choice = taste(run, Number(number)) === isCandidateA ? "A" : "B";
        leased.push({ run, choice: { id: `choice ${id}`, pair: id, lease: name, labeler: LABELER, choice } });
      }
    }
  }

  return {
    async prepare(perRun) {
      const numbers = Array.from({ length: perRun }, (_, index) => index);
      await each(
        runs.flatMap((run) => numbers.map((number) => ({ run, number }))),
        ({ run, number }) => queue(run, number),
      );
      const spaces = Map.groupBy(runs, ({ namespace }) => namespace);
      await each([...spaces], ([namespace, members]) => lease(namespace, members.length * perRun));
      // In turn: everyone's first, then everyone's second …
      leased.sort((one, other) => numberOf(one) - numberOf(other));
    },
    async judge(perSecond, seconds) {
      const acknowledged = new Map<number, number>();
      const start = performance.now();
      const size = (perSecond * TICK_MS) / 1000;
      const sent: Promise<void>[] = [];
      for (let tick = 0; tick < (seconds * 1000) / TICK_MS && leased.length > 0; tick += 1) {
        await sleep(Math.max(0, start + tick * TICK_MS - performance.now()));
        const batch = Map.groupBy(leased.splice(0, size), ({ run }) => run.namespace);
        for (const [namespace, items] of batch) {
          const choices = items.map(({ choice }) => choice);
          const work = post(namespace, "choices", { choices }).then((answer) => {
            const at = performance.now();
            for (const { sequence } of PostItemsResponse.parse(answer).results) acknowledged.set(sequence, at);
          });
          sent.push(work);
        }
      }
      await Promise.all(sent);
      return { acknowledged, seconds: (performance.now() - start) / 1000 };
    },
    close: () => pool.close(),
  };
}

function numberOf({ choice }: Leased): number {
  return Number(choice.pair.split(".")[1]);
}
