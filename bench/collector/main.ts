/**
 * Acknowledgements a second and their latency, over loopback, each one durable:
 *
 *     node bench/collector/main.ts [seconds a run, 5 unless given]
 *
 * The collector has a process of its own, so that the load does not wait for the server's own fsyncs.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Pool } from "undici";

const SECONDS = Number(process.argv[2] ?? 5);
const TEXT = "a sentence of an answer that somebody read and judged. ".repeat(10);
const DATASET = "/v1/namespaces/team/datasets/bench";
const HEADERS = { authorization: "Bearer bench", "content-type": "application/json" };

interface Run {
  what: string;
  path: string;
  clients: number;
  /** Records acknowledged by one request. */
  records: number;
  body: (number: number) => unknown;
}

const RUNS: Run[] = [
  ...[1, 16, 64].map((clients) => ({
    what: "preferences",
    path: `${DATASET}/preferences`,
    clients,
    records: 1,
    body: (number: number) => preferences(`${clients}-${number}`, 1),
  })),
  {
    what: "preferences",
    path: `${DATASET}/preferences`,
    clients: 4,
    records: 100,
    body: (n) => preferences(`b-${n}`, 100),
  },
  { what: "pairs", path: `${DATASET}/pairs`, clients: 16, records: 1, body: pair },
];

function preferences(name: string, count: number): unknown {
  const records = Array.from({ length: count }, (_, index) => {
    const id = `${name}-${index}`;
    return { id, prompt: `${id} ${TEXT.slice(0, 100)}`, chosen: TEXT, rejected: `${TEXT}.`, labeler: "bench" };
  });
  return { records };
}

function pair(number: number): unknown {
  const id = `pair-${number}`;
  const stable = { revision: "stable", text: TEXT };
  return { id, canary: "bench", prompt: id, stable, candidate: { revision: "candidate", text: `${TEXT}${id}` } };
}

async function spawnCollector(dataDir: string): Promise<{ url: string; child: ChildProcess }> {
  const script = join(import.meta.dirname, "../../test/unit/collector/collector-process.ts");
  const child = spawn(process.execPath, [script, dataDir], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout === null) throw new Error("the collector has no output");
  const [url] = await once(createInterface(child.stdout), "line");
  return { url, child };
}

async function measure(url: string, run: Run): Promise<void> {
  const pool = new Pool(url, { connections: run.clients });
  const milliseconds: number[] = [];
  let next = 0;
  const start = performance.now();
  const end = start + SECONDS * 1_000;

  async function client(): Promise<void> {
    while (performance.now() < end) {
      next += 1;
      const body = JSON.stringify(run.body(next));
      const sent = performance.now();
      const response = await pool.request({ method: "POST", path: run.path, headers: HEADERS, body });
      const text = await response.body.text();
      if (response.statusCode !== 200) throw new Error(`HTTP ${response.statusCode}: ${text}`);
      milliseconds.push(performance.now() - sent);
    }
  }
  await Promise.all(Array.from({ length: run.clients }, client));
  report(run, milliseconds, (performance.now() - start) / 1_000);
  await pool.close();
}

function report(run: Run, milliseconds: number[], seconds: number): void {
  milliseconds.sort((one, other) => one - other);
  const at = (share: number) => (milliseconds[Math.floor(milliseconds.length * share)] ?? Number.NaN).toFixed(1);
  const rate = Math.round((milliseconds.length * run.records) / seconds);
  const setting = `${run.what}, ${run.records} a request, ${run.clients} clients`;
  print(`${setting.padEnd(42)} ${String(rate).padStart(7)} records/s   p50 ${at(0.5)} ms   p99 ${at(0.99)} ms`);
}

async function measureStream(url: string): Promise<void> {
  const pool = new Pool(url);
  const start = performance.now();
  const { body } = await pool.request({ method: "GET", path: `${DATASET}/preferences`, headers: HEADERS });
  let bytes = 0;
  let records = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) records += 1;
  }
  const seconds = (performance.now() - start) / 1_000;
  const rate = `${Math.round(records / seconds)} records/s, ${Math.round(bytes / seconds / 1e6)} MB/s`;
  print(`stream of ${records} preferences`.padEnd(42) + rate.padStart(17));
  await pool.close();
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const dataDir = await mkdtemp(join(tmpdir(), "dpo-bench-"));
const { url, child } = await spawnCollector(dataDir);
try {
  for (const run of RUNS) await measure(url, run);
  await measureStream(url);
} finally {
  child.kill();
  await once(child, "exit");
  await rm(dataDir, { recursive: true });
}
