import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Registry } from "prom-client";
import { CollectorConfig } from "../../../src/collector/config.ts";
import { runCollector } from "../../../src/collector/server.ts";
import { dpoJobs, preferenceDatasets } from "../../../src/controllers/resources.ts";
import { type Client, createClient } from "../../../src/kube/client.ts";
import type { KubeObject } from "../../../src/kube/object.ts";
import { namespaces, type Resource } from "../../../src/kube/resource.ts";
import { retried } from "../../../src/kube/retry.ts";
import { createTransport, type Transport } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { serviceAccountToken } from "../service-account.ts";
import { type History, recordHistory } from "./history.ts";
import type { Installation } from "./install.ts";
import { createKubelet, type Kubelet } from "./kubelet.ts";
import { createTestClock, type TestClock } from "./test-clock.ts";

/** A namespace of its own with everything around the manager: a collector, the test as kubelet, and recorders. */
export interface Stage {
  readonly installation: Installation;
  readonly namespace: string;
  /** The administrator. */
  readonly client: Client;
  readonly clock: TestClock;
  readonly kubelet: Kubelet;
  readonly collector: TestCollector;
  /** Records every version from now on. */
  history<T extends KubeObject>(resource: Resource<T>): Promise<History<T>>;
  /** Runs at the end, the last one added first. */
  atEnd(close: () => Promise<unknown>): void;
  close(): Promise<void>;
}

export interface TestCollector {
  readonly url: string;
  /** The manager's token for it. */
  readonly tokenFile: string;
  /** Acknowledged preferences of a dataset, `count` more. */
  receive(dataset: string, count: number): Promise<void>;
  /** Nobody answers any more. */
  stop(): Promise<void>;
  /** Answers again at the same address. */
  start(): Promise<void>;
}

export async function setStage(installation: Installation): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = [];
  const transport = retried(createTransport(installation.admin), systemClock);
  closers.push(() => transport.close());
  const client = createClient(transport, "test");
  const namespace = `test-${randomUUID().slice(0, 8)}`;
  closers.push(() => leaveNothingToDo(client, namespace));
  await client.create(namespaces, { metadata: { name: namespace } });
  const collector = await startCollector(installation, namespace, (close) => closers.push(close));

  return {
    installation,
    namespace,
    client,
    clock: createTestClock(),
    kubelet: createKubelet(client, namespace),
    collector,
    async history(resource) {
      const history = await recordHistory(installation.admin, resource, namespace);
      closers.push(() => history.stop());
      return history;
    },
    atEnd: (close) => void closers.push(close),
    async close() {
      for (const close of closers.splice(0).reverse()) await close();
    },
  };
}

/** A manager looks after every namespace, so the next test's would after this one's. */
async function leaveNothingToDo(client: Client, namespace: string): Promise<void> {
  for (const resource of [preferenceDatasets, dpoJobs]) {
    const { items } = await client.list<KubeObject>(resource, { namespace });
    for (const { metadata } of items) await client.delete(resource, metadata);
  }
}

async function startCollector(
  installation: Installation,
  namespace: string,
  atEnd: (close: () => Promise<unknown>) => void,
): Promise<TestCollector> {
  const dataDir = await mkdtemp(join(tmpdir(), "dpo-stage-"));
  const tokenFile = join(dataDir, "token");
  await writeFile(tokenFile, installation.managerCollectorToken);
  const rater = await serviceAccountToken(installation.caller, namespace, "rater", ["dpo-collector"]);
  const transport = createTransport(installation.collector);
  const readers = ["system:serviceaccount:dpo-system:dpo-manager"];
  const run = (port: number) =>
    runCollector(CollectorConfig.parse({ host: "127.0.0.1", port, dataDir, readers }), {
      tokenReview: reviewer(transport),
      clock: systemClock,
      random: Math.random,
      logger: silentLogger(),
      registry: new Registry(),
    });
  let running = await run(0);
  const { url } = running;
  let received = 0;
  atEnd(async () => {
    await running.close();
    await transport.close();
    await rm(dataDir, { recursive: true });
  });
  return {
    url,
    tokenFile,
    async receive(dataset, count) {
      const records = Array.from({ length: count }, (_, i) => preference(received + i + 1));
      received += count;
      const response = await fetch(`${url}/v1/namespaces/${namespace}/datasets/${dataset}/preferences`, {
        method: "POST",
        headers: { authorization: `Bearer ${rater}`, "content-type": "application/json" },
        body: JSON.stringify({ records }),
      });
      if (response.status !== 200) throw new Error(`the collector refused: ${await response.text()}`);
    },
    stop: () => running.close(),
    async start() {
      running = await run(Number(new URL(url).port));
    },
  };
}

export function reviewer(transport: Transport) {
  const client = createClient(transport, "dpo-collector");
  return async (token: string, wanted: readonly string[]) => {
    const { authenticated = false, user, audiences } = await client.reviewToken(token, wanted);
    return { authenticated, username: user?.username ?? "", audiences };
  };
}

function preference(number: number) {
  return { id: `p${number}`, prompt: `prompt ${number}`, chosen: "good", rejected: "bad", labeler: "ann" };
}
