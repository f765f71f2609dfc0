import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensurePrometheus } from "../../hack/tools/prometheus.ts";
import { freePorts } from "./ports.ts";
import { type Server, startServer } from "./server.ts";

/** A Prometheus that scrapes what the test says, every second. */
export interface TestPrometheus {
  readonly url: string;
  /** What is scraped from now on, in the text format. */
  expose(text: string): void;
  /** Nobody answers any more. */
  stop(): Promise<void>;
  /** Answers again at the same address, with what it knew. */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** Why none can be had here: tests are skipped for it, but for CI, where nobody would see that. */
export async function lackOfPrometheus(): Promise<string | undefined> {
  try {
    await ensurePrometheus();
    return undefined;
  } catch (error) {
    if (process.env.CI === "true") throw error;
    const lack = error instanceof Error ? error.message : String(error);
    console.warn(`The test with a Prometheus is skipped. ${lack}`);
    return lack;
  }
}

export async function startPrometheus(): Promise<TestPrometheus> {
  const binary = await ensurePrometheus();
  const folder = await mkdtemp(join(tmpdir(), "dpo-prometheus-"));
  const target = await startTarget();
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const config = join(folder, "prometheus.yml");
  await writeFile(
    config,
    JSON.stringify({
      global: { scrape_interval: "1s", scrape_timeout: "1s" },
      scrape_configs: [{ job_name: "arms", static_configs: [{ targets: [target.address] }] }],
    }),
  );
  const options = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, "data")}`];
  let server: Server | undefined;

  async function start(): Promise<void> {
    const started = startServer(binary, [...options, `--web.listen-address=127.0.0.1:${port}`], join(folder, "log"));
    server = started;
    await Promise.race([started.ended, untilReady(url)]);
  }

  await start();
  return {
    url,
    expose: target.expose,
    async stop() {
      await server?.kill();
    },
    start,
    async close() {
      await server?.kill();
      target.close();
      await rm(folder, { recursive: true });
    },
  };
}

async function startTarget() {
  let text = "";
  const server = createServer((_, response) => {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    expose(to: string) {
      text = to;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function untilReady(url: string): Promise<void> {
  for (;;) {
    const isReady = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
