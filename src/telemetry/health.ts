/**
 * /metrics, /healthz and /readyz on plain HTTP. Healthy means: the event loop turns. Ready means: the caches are filled and
 * what the role needs is there. A check says what is wrong, or undefined.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Metrics } from "./metrics.ts";

export interface Check {
  readonly name: string;
  /** What is wrong, as a sentence; undefined when nothing is. */
  readonly run: () => string | undefined | Promise<string | undefined>;
}

export interface HealthServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface HealthOptions {
  /** 0 takes any free one. */
  readonly port: number;
  readonly metrics: Metrics;
  readonly live: readonly Check[];
  readonly ready: readonly Check[];
}

export async function startHealthServer({ port, metrics, live, ready }: HealthOptions): Promise<HealthServer> {
  const routes = new Map<string, (response: ServerResponse) => Promise<void>>([
    ["/healthz", (response) => answer(response, live)],
    ["/readyz", (response) => answer(response, ready)],
    [
      "/metrics",
      async (response) => {
        response.setHeader("content-type", metrics.registry.contentType);
        response.end(await metrics.registry.metrics());
      },
    ],
  ]);
  const server = createServer((request, response) => {
    const route = routes.get((request.url ?? "").split("?")[0] ?? "");
    if (route === undefined) {
      response.writeHead(404).end();
      return;
    }
    route(response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(response: ServerResponse, checks: readonly Check[]): Promise<void> {
  const lines = await Promise.all(checks.map(async ({ name, run }) => ({ name, problem: await run() })));
  const failed = lines.some(({ problem }) => problem !== undefined);
  response.writeHead(failed ? 503 : 200, { "content-type": "text/plain" });
  response.end(
    lines.map(({ name, problem }) => `${problem === undefined ? "[+]" : "[-]"}${name} ${problem ?? "ok"}\n`).join(""),
  );
}

const TICK_MS = 500;

/** Fails when the event loop has stood still for longer than `limitMs` since the last look. */
export function eventLoopCheck(limitMs: number): Check {
  let last = performance.now();
  let longest = 0;
  function measure(): number {
    const now = performance.now();
    longest = Math.max(longest, now - last - TICK_MS);
    last = now;
    return longest;
  }
  setInterval(measure, TICK_MS).unref();
  return {
    name: "event-loop",
    run() {
      const stoodStillMs = measure();
      longest = 0;
      return stoodStillMs > limitMs ? `stood still for ${Math.round(stoodStillMs)} ms` : undefined;
    },
  };
}
