/**
 * Many canaries in mid-ramp at once, on a real API server with a real collector: how long from the acknowledgement of the
 * comparison that decides to the watch event of the route that takes the candidate's traffic, and what the operator needs.
 *
 *     node bench/canaries/main.ts [canaries, 1000] [comparisons a second in all, 1000] [seconds, 60]
 *
 * The operator takes one canary into mid-ramp. All that stands then is copied under other names while no operator runs, and
 * it begins anew with so many that it has never seen. One candidate in twenty is worse; the others win about as often as
 * not. Everything shares this machine: API server, etcd, collector, raters and the test in the part of kubelet and gateway.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import { preferenceCanaries } from "../../src/controllers/resources.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { createReflector, type Reflector } from "../../src/kube/reflector.ts";
import { httpRoutes, namespaces, type Resource } from "../../src/kube/resource.ts";
import { retried } from "../../src/kube/retry.ts";
import { createTransport, type Transport } from "../../src/kube/transport.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { readVerdicts } from "../../src/traffic/route-kind.ts";
import { startControlPlane } from "../../test/integration/control-plane.ts";
import { type Installation, install } from "../../test/integration/operator/install.ts";
import { installHTTPRoutes } from "../../test/integration/preferencecanary/gateway-api.ts";
import { startStandIns } from "../../test/integration/preferencecanary/stand-ins.ts";
import { createCopier } from "./copies.ts";
import { type Measured, type Program, prepareManager, startCollector } from "./processes.ts";
import { createRaters, type Judged } from "./raters.ts";
import { each, keysOf, type NamedIn, namespacesOf, type Run, ramp, runOf, untilQuiet } from "./scene.ts";

const [canaries = 1_000, perSecond = 1_000, seconds = 60] = process.argv.slice(2).map(Number);
const WORSE = 20;
const SETTLE_MS = 15_000;

const say = (line: string) => void process.stdout.write(`${line}\n`);
const closers: (() => Promise<unknown>)[] = [];

// The API server makes a thousand canaries faster where it collects its garbage less often.
process.env.GOGC = "400";

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "dpo-bench-"));
  closers.push(() => rm(folder, { recursive: true }));
  const plane = await startControlPlane();
  closers.push(() => plane.stop());
  const installation = await install(plane.kubeconfig);
  await installHTTPRoutes(installation.admin);
  const transport = retried(createTransport(installation.admin), systemClock);
  closers.push(() => transport.close());
  const client = createClient(transport, "bench");
  const keys = keysOf(canaries);
  await each(namespacesOf(keys), async (name) => {
    await client.create(namespaces, { metadata: { name } });
    closers.push(await startStandIns(installation.admin, client, name));
  });
  const rejectedAt = watchRoutes(follow(installation, httpRoutes));
  const collector = await startCollector(folder);
  closers.push(collector.stop);
  const operator = await prepareManager(folder, installation, collector.url);
  const followed = follow(installation, preferenceCanaries);
  await rampAndCopy(operator, { client, transport, followed, keys });
  const manager = await operator.start();
  closers.push(manager.stop);
  await untilQuiet(followed, keys);
  say(`operator, ${keys.length} canaries in mid-ramp: ${mebibytes(await manager.rss())}`);
  const runs = keys.map((key) => runOf(followed, key));
  const worse = new Set(runs.filter((_, index) => index % WORSE === 0));
  const raters = createRaters(collector.url, runs, (run, number) => !worse.has(run) && number % 2 === 0);
  closers.push(() => raters.close());
  await raters.prepare(Math.ceil((perSecond * seconds) / runs.length));
  say("pairs are queued and leased");
  await sleep(SETTLE_MS);

  const usage = await measure([manager, collector], () => raters.judge(perSecond, seconds));
  say(`${usage.result.acknowledged.size} comparisons in ${usage.result.seconds.toFixed(1)} s`);
  const [ofManager, ofCollector] = usage.processes;
  say(`operator:  ${ofManager}`);
  say(`collector: ${ofCollector}`);
  await sleep(SETTLE_MS);
  const { items } = await client.list(preferenceCanaries);
  const deciding = new Map(
    items.map(({ metadata, status }) => [
      `${metadata.namespace}/${metadata.name}`,
      status?.gates?.find(({ name }) => name === "winRate")?.failedAt?.sequence,
    ]),
  );
  report([...worse], deciding, usage.result, rejectedAt);
}

interface Stage {
  readonly client: Client;
  readonly transport: Transport;
  readonly followed: Reflector<PreferenceCanary>;
  readonly keys: readonly NamedIn[];
}

/** The first one is the operator's own work, the others are like it. */
async function rampAndCopy(operator: Program, { client, transport, followed, keys }: Stage): Promise<void> {
  const [first, ...others] = keys;
  if (first === undefined) throw new Error("no canaries are asked for");
  const manager = await operator.start();
  try {
    say(`operator, bundled, with nothing to do: ${mebibytes(await manager.rss())}`);
    await ramp(client, followed, first);
    await untilQuiet(followed, [first]);
  } finally {
    await manager.stop();
  }
  const start = performance.now();
  const copyTo = await createCopier(transport, first);
  await each(others, copyTo);
  say(`${others.length} copies of it after ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

function follow<T extends KubeObject>({ admin }: Installation, resource: Resource<T>): Reflector<T> {
  const transport = retried(createTransport(admin), systemClock);
  const reflector = createReflector<T>({
    transport,
    resource,
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
    metrics: createMetrics(),
  });
  reflector.start();
  closers.push(async () => {
    reflector.stop();
    await transport.close();
  });
  return reflector;
}

function watchRoutes(routes: Reflector<HTTPRoute>): ReadonlyMap<string, number> {
  const rejectedAt = new Map<string, number>();
  routes.subscribe(({ object }) => {
    const key = `${object.metadata.namespace}/${object.metadata.name}`;
    if (readVerdicts(object).rejected !== undefined && !rejectedAt.has(key)) rejectedAt.set(key, performance.now());
  });
  return rejectedAt;
}

/** Each process's memory at its highest, looked at twice a second, and its share of a core. */
async function measure<Result>(
  processes: readonly Measured[],
  work: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly processes: readonly string[] }> {
  const before = await Promise.all(processes.map(({ cpu }) => cpu()));
  const highest = processes.map(() => 0);
  const start = performance.now();
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const now = await Promise.all(processes.map(({ rss }) => rss()));
      for (const [index, bytes] of now.entries()) highest[index] = Math.max(highest[index] ?? 0, bytes);
      await sleep(500);
    }
  })();
  const result = await work();
  const wall = (performance.now() - start) / 1000;
  isOver = true;
  await watching;
  const after = await Promise.all(processes.map(({ cpu }) => cpu()));
  const lines = processes.map((_, index) => {
    const cores = ((after[index] ?? 0) - (before[index] ?? 0)) / wall;
    return `${mebibytes(highest[index] ?? 0)} at most, ${cores.toFixed(2)} cores`;
  });
  return { result, processes: lines };
}

function report(
  worse: readonly Run[],
  deciding: ReadonlyMap<string, number | undefined>,
  { acknowledged }: Judged,
  rejectedAt: ReadonlyMap<string, number>,
): void {
  const latencies = worse.flatMap(({ namespace, canary }) => {
    const key = `${namespace}/${canary}`;
    const from = acknowledged.get(deciding.get(key) ?? -1);
    const to = rejectedAt.get(key);
    return from === undefined || to === undefined ? [] : [to - from];
  });
  latencies.sort((one, other) => one - other);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))]?.toFixed(0);
  say(
    `${latencies.length} of ${worse.length} worse candidates rolled back, ${rejectedAt.size - latencies.length} others`,
  );
  say(`deciding comparison acknowledged → route stored: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`);
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

try {
  await main();
} finally {
  for (const close of closers.reverse()) await close().catch((error: unknown) => say(String(error)));
}
