import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { beforeAll, expect, inject, onTestFinished } from "vitest";
import {
  AUDIENCES,
  COLLECTOR_AUDIENCE,
  type Comparison,
  RATER_AUDIENCE,
  SAMPLER_AUDIENCE,
  type StoredPreference,
} from "../../../src/api/contracts/collector-api.ts";
import type { TokenReview } from "../../../src/collector/auth.ts";
import { CollectorConfig } from "../../../src/collector/config.ts";
import { runCollector } from "../../../src/collector/server.ts";
import { createTransport } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { type Installation, install } from "../operator/install.ts";
import { reviewer } from "../operator/stage.ts";
import { request } from "../request.ts";
import { serviceAccountToken } from "../service-account.ts";

const DATASET = "support";
const STABLE = "5ab1e00000";
const CANDIDATE = "ca4d1da7e0";

/** A namespace with a rater's service account, and a collector that asks the real API server about tokens. */
export interface Scene {
  readonly namespace: string;
  readonly url: string;
  /** What a rater is given; `token` is a valid one unless told otherwise. */
  link(token?: string): Promise<string>;
  newToken(): Promise<string>;
  /** This token and all others of the rater's are good no more: as when their time is over. */
  revoke(token: string): Promise<void>;
  /** Queues pairs whose texts begin with these names. */
  queue(...names: readonly string[]): Promise<void>;
  call(method: "GET" | "POST", path: string, body?: object): Promise<string>;
  comparisons(): Promise<Comparison[]>;
  preferences(): Promise<StoredPreference[]>;
  /** Moves the collector's clock. */
  later(milliseconds: number): void;
  stop(): Promise<void>;
  /** Again at the same address, with what it has stored. */
  start(): Promise<void>;
}

export function useScenes(): () => Promise<Scene> {
  let installation: Installation;
  beforeAll(async () => {
    installation = await install(inject("kubeconfig"));
  });
  return () => setScene(installation);
}

async function setScene(installation: Installation): Promise<Scene> {
  const { caller } = installation;
  const namespace = `rating-${randomUUID().slice(0, 8)}`;
  const made = await request(caller, "POST", "/api/v1/namespaces", { metadata: { name: namespace } });
  if (made.status !== 201) throw new Error(`no namespace: ${made.body}`);
  const newToken = () => serviceAccountToken(caller, namespace, "rater", [RATER_AUDIENCE]);
  const own = await serviceAccountToken(caller, namespace, "test", [COLLECTOR_AUDIENCE, SAMPLER_AUDIENCE]);
  const transport = createTransport(installation.collector);
  onTestFinished(() => transport.close());
  const review = reviewer(transport);
  const { url, ...collector } = await startCollector(review);
  const base = `${url}/v1/namespaces/${namespace}`;

  async function call(method: "GET" | "POST", path: string, body?: object): Promise<string> {
    const headers = { authorization: `Bearer ${own}`, ...(body && { "content-type": "application/json" }) };
    const response = await fetch(base + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.text();
  }

  return {
    namespace,
    url,
    ...collector,
    newToken,
    async link(token) {
      const access = { namespace, dataset: DATASET, token: token ?? (await newToken()) };
      return `${url}/rate#${new URLSearchParams(access)}`;
    },
    async revoke(token) {
      await request(caller, "DELETE", `/api/v1/namespaces/${namespace}/serviceaccounts/rater`);
      // The API server believes in a token for ten seconds after it has checked it, the collector for a minute.
      const isGood = async () => (await review(token, AUDIENCES)).authenticated;
      await expect.poll(isGood, { timeout: 20_000, interval: 500 }).toBe(false);
      collector.later(61_000);
    },
    async queue(...names) {
      for (const name of names) expect(JSON.parse(await call("POST", PAIRS, pairOf(name)))).toEqual({ queued: true });
    },
    call,
    async comparisons() {
      return JSON.parse(await call("GET", `/canaries/assistant/comparisons?candidate=${CANDIDATE}&stable=${STABLE}`))
        .records;
    },
    async preferences() {
      const lines = (await call("GET", `/datasets/${DATASET}/preferences`)).split("\n");
      return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
    },
  };
}

const PAIRS = `/datasets/${DATASET}/pairs`;

function pairOf(name: string) {
  return {
    id: name,
    canary: "assistant",
    prompt: `prompt of ${name}`,
    stable: { revision: STABLE, text: `stable's answer to ${name}` },
    candidate: { revision: CANDIDATE, text: `candidate's answer to ${name}` },
  };
}

async function startCollector(tokenReview: TokenReview) {
  const dataDir = await mkdtemp(join(tmpdir(), "dpo-rating-"));
  let offset = 0;
  const clock = {
    ...systemClock,
    now: () => new Date(Date.now() + offset),
    monotonic: () => performance.now() + offset,
  };
  const run = (port: number) =>
    runCollector(CollectorConfig.parse({ host: "127.0.0.1", port, dataDir }), {
      tokenReview,
      clock,
      random: Math.random,
      logger: silentLogger(),
      registry: new Registry(),
    });
  let running = await run(0);
  const { url } = running;
  onTestFinished(async () => {
    await running.close();
    await rm(dataDir, { recursive: true });
  });
  return {
    url,
    later(milliseconds: number) {
      offset += milliseconds;
    },
    stop: () => running.close(),
    async start() {
      running = await run(Number(new URL(url).port));
    },
  };
}
