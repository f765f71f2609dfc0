import { step } from "../lib/progress.ts";

export type Outcome = "Promoted" | "RolledBack";

/** One way of a candidate through the canary. Times in milliseconds; null where the outcome has none. */
export interface Run {
  readonly model: string;
  readonly digest: string;
  readonly expected: Outcome;
  readonly outcome: Outcome;
  readonly comparisons: number;
  readonly seconds: number;
  /** From the collector's acknowledgement of the deciding comparison to the watch event of the first rollback write. */
  readonly decisionToRouteMs: number | null;
  /** From there to the start of the last client request that the candidate answered. */
  readonly routeToLastRequestMs: number | null;
}

export interface Report {
  readonly steps: { name: string; seconds: number; ok: boolean }[];
  client: { requests: number; failed: number };
  readonly runs: Run[];
}

/** Runs steps one after the other and keeps what they took. */
export function createReport(): { readonly report: Report; step<T>(name: string, work: () => Promise<T>): Promise<T> } {
  const report: Report = { steps: [], client: { requests: 0, failed: 0 }, runs: [] };
  return {
    report,
    async step(name, work) {
      const started = performance.now();
      const entry = { name, seconds: 0, ok: false };
      report.steps.push(entry);
      try {
        const result = await step(name, work);
        entry.ok = true;
        return result;
      } finally {
        entry.seconds = Math.round(performance.now() - started) / 1000;
      }
    },
  };
}

export function succeeded({ steps, client, runs }: Report): boolean {
  return (
    steps.every(({ ok }) => ok) && client.failed === 0 && runs.every(({ outcome, expected }) => outcome === expected)
  );
}

/** For people: each step and run on a line. */
export function timeline({ steps, client, runs }: Report): string {
  const lines = steps.map(
    ({ name, seconds, ok }) => `${seconds.toFixed(1).padStart(8)} s  ${ok ? "" : "FAILED: "}${name}`,
  );
  const outcomes = runs.map(
    ({ model, outcome, expected, comparisons, seconds, decisionToRouteMs, routeToLastRequestMs }) => {
      const asExpected = outcome === expected ? "as expected" : `but ${expected} was expected`;
      const latency =
        decisionToRouteMs === null
          ? ""
          : `; deciding comparison to route ${decisionToRouteMs} ms, route to its last request ${routeToLastRequestMs} ms`;
      return `  ${model}: ${outcome} ${asExpected}, ${comparisons} comparisons, ${seconds.toFixed(1)} s${latency}`;
    },
  );
  return [
    "Timeline",
    ...lines,
    "",
    "Runs",
    ...outcomes,
    "",
    `Client: ${client.requests} requests, ${client.failed} failed`,
  ].join("\n");
}
