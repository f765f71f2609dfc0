import { setTimeout as sleep } from "node:timers/promises";
import { Pool } from "undici";
import { ARM_HEADER, TESTED_ARM_HEADER } from "../../src/api/v1alpha1/metadata.ts";
import { createSessions, type Session } from "./sessions.ts";

const PER_SECOND = 200;
const TICK_MS = 5;
const CONNECTIONS = 32;
const TIMEOUT_MS = 30_000;

/** One answer; times in milliseconds since the epoch. */
export interface Answer {
  readonly startedAt: number;
  readonly ms: number;
  readonly arm: string;
  readonly asker: Asker;
  /** Which one of them, where a session asks. */
  readonly session?: number;
}

/** Of ten requests one is a tester's, who wants the candidate, and one is of a session that keeps its cookie. */
export type Asker = "User" | "Tester" | "Session";

const ASKERS: readonly Asker[] = ["Tester", "User", "User", "User", "User", "Session", "User", "User", "User", "User"];

export interface Failure {
  readonly startedAt: number;
  readonly asker: Asker;
  /** What came, or why nothing did. */
  readonly words: string;
}

export interface Load {
  readonly answers: readonly Answer[];
  /** Requests without an answer, or with another than 200. */
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

/** Asks for the list of models, 200 times a second whatever comes back, for as long as `work` takes and a moment longer. */
export async function underLoad(gatewayUrl: string, host: string, work: () => Promise<unknown>): Promise<Load> {
  const pool = new Pool(gatewayUrl, {
    connections: CONNECTIONS,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const answers: Answer[] = [];
  const failures: Failure[] = [];
  const ended = new AbortController();

  async function ask(asker: Asker, session?: Session): Promise<void> {
    const startedAt = Date.now();
    try {
      const wanted = asker === "Tester" ? { "x-dpo-arm-wanted": "candidate" } : session?.headers();
      const { statusCode, headers, body } = await pool.request({
        method: "GET",
        path: "/v1/models",
        headers: { host, ...wanted },
      });
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${statusCode} ${text}`);
      session?.hear(headers["set-cookie"]);
      const arm = String(headers[asker === "Tester" ? TESTED_ARM_HEADER : ARM_HEADER]);
      answers.push({ startedAt, ms: Date.now() - startedAt, arm, asker, ...(session && { session: session.id }) });
    } catch (error) {
      failures.push({ startedAt, asker, words: error instanceof Error ? error.message : String(error) });
    }
  }

  async function generate(): Promise<number> {
    const start = performance.now();
    const pending = new Set<Promise<void>>();
    const nextSession = createSessions();
    for (let sent = 0; !ended.signal.aborted; await sleep(TICK_MS)) {
      for (; sent < ((performance.now() - start) * PER_SECOND) / 1000; sent += 1) {
        const asker = ASKERS[sent % ASKERS.length] ?? "User";
        const request = ask(asker, asker === "Session" ? nextSession() : undefined).finally(() =>
          pending.delete(request),
        );
        pending.add(request);
      }
    }
    await Promise.all(pending);
    return (performance.now() - start) / 1000;
  }

  const generating = generate();
  try {
    await work();
    await sleep(1000);
  } finally {
    ended.abort();
  }
  const seconds = await generating;
  await pool.close();
  return { answers, failures, seconds };
}

/** For people: "4,210 answers in 21.0 s, p50 3 ms, p99 21 ms, 812 by 3f2a…". */
export function summary({ answers, seconds }: Load): string {
  const sorted = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  const arms = Map.groupBy(answers, ({ arm }) => arm);
  const shares = [...arms].map(([arm, served]) => `${served.length} by ${arm}`);
  return `${answers.length} answers in ${seconds.toFixed(1)} s, p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, ${shares.join(", ")}`;
}
