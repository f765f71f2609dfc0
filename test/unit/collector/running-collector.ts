import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { CollectorConfig } from "../../../src/collector/config.ts";
import { type CollectorDependencies, runCollector } from "../../../src/collector/server.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { seededRandom } from "./seeded-random.ts";

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers freely, and the client's schemas are tested apart
  body: any;
}

export interface TestCollector extends AsyncDisposable {
  url: string;
  dataDir: string;
  call(method: "GET" | "POST", path: string, body?: unknown, token?: string): Promise<Answer>;
  close(): Promise<void>;
}

export interface TestCollectorOptions {
  dataDir?: string;
  config?: Partial<CollectorConfig>;
  dependencies?: Partial<CollectorDependencies>;
}

export const READER = "system:serviceaccount:dpo-system:dpo-manager";

/** The real server on loopback over a real file. A token is the service account's `namespace/name`; `bad` is nobody's. */
export async function startCollector(options: TestCollectorOptions = {}): Promise<TestCollector> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "dpo-collector-")));
  const config = CollectorConfig.parse({ host: "127.0.0.1", port: 0, dataDir, readers: [READER], ...options.config });
  const collector = await runCollector(config, {
    tokenReview: reviewTestToken,
    clock: systemClock,
    random: seededRandom(7),
    logger: silentLogger(),
    registry: new Registry(),
    ...options.dependencies,
  });

  return {
    url: collector.url,
    dataDir,
    close: collector.close,
    async call(method, path, body, token = "team/rater") {
      const response = await fetch(collector.url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json");
      return { status: response.status, body: isJson ? JSON.parse(text) : text };
    },
    async [Symbol.asyncDispose]() {
      await collector.close();
      if (options.dataDir === undefined) await rm(dataDir, { recursive: true });
    },
  };
}

/** One that begins with `rater:`, `sampler:` or `app:` is of that audience alone, any other of the sampler's and the collector's. */
export async function reviewTestToken(token: string) {
  const [, kind] = /^(rater|sampler|app):/.exec(token) ?? [];
  if (token === "bad") return { authenticated: false };
  const audiences = { rater: ["dpo-rater"], sampler: ["dpo-sampler"], app: ["dpo-collector"] };
  const isOf = kind === undefined ? ["dpo-collector", "dpo-sampler"] : audiences[kind as keyof typeof audiences];
  const username = `system:serviceaccount:${token.replace(`${kind}:`, "").replace("/", ":")}`;
  return { authenticated: true, username, audiences: isOf };
}
