import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import type { ManagerConfig } from "../../src/manager.ts";
import type { Installation } from "../../test/integration/operator/install.ts";
import { freePorts } from "../../test/integration/ports.ts";
import { serviceAccountToken } from "../../test/integration/service-account.ts";

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");

/** A process, with what it takes of the machine. */
export interface Measured {
  /** Resident memory now, bytes. */
  rss(): Promise<number>;
  /** Processor time since it began, seconds. */
  cpu(): Promise<number>;
  stop(): Promise<void>;
}

/** The token that the collector of this benchmark takes for the manager's. */
const MANAGER_TOKEN = "manager";

export async function startCollector(folder: string): Promise<Measured & { readonly url: string }> {
  const child = (await bundle(folder, "collector-process"))([join(folder, "store")], {});
  if (child.stdout === null) throw new Error("the collector has no output");
  const died = once(child, "exit").then(() => Promise.reject(new Error("the collector ended before it listened")));
  const [url] = await Promise.race([once(createInterface(child.stdout), "line"), died]);
  died.catch(() => undefined);
  return { url, ...measured(child) };
}

/** One that can be started again and again. */
export interface Program {
  start(): Promise<Measured>;
}

/** With the manager's own rights, and the memory limits of manifests/base/manager.yaml. */
export async function prepareManager(
  folder: string,
  installation: Installation,
  collectorUrl: string,
): Promise<Program> {
  const { admin, caller } = installation;
  const token = await serviceAccountToken(caller, "dpo-system", "dpo-manager");
  const tokenFile = join(folder, "collector-token");
  await Promise.all([
    writeFile(join(folder, "ca.crt"), String(admin.tls.ca)),
    writeFile(join(folder, "namespace"), "dpo-system"),
    writeFile(join(folder, "token"), token),
    writeFile(tokenFile, MANAGER_TOKEN),
  ]);
  const server = new URL(admin.server);
  const [healthPort = 0] = await freePorts(1);
  const config = {
    namespace: "dpo-system",
    operatorImage: "dpo-operator:bench",
    trainerImage: "dpo-trainer:bench",
    collector: { url: collectorUrl, tokenFile },
    progressUrl: "http://dpo-manager.dpo-system:8082",
    healthPort,
    progressPort: 0,
  } satisfies Partial<ManagerConfig>;
  const [spawned, memory] = await Promise.all([bundle(folder, "manager-process"), memorySettings()]);
  return {
    async start() {
      const child = spawned([folder], {
        KUBERNETES_SERVICE_HOST: server.hostname,
        KUBERNETES_SERVICE_PORT: server.port,
        DPO_MANAGER: JSON.stringify(config),
        ...memory,
      });
      // What it complains of.
      child.stdout?.pipe(process.stderr);
      await untilReady(`http://127.0.0.1:${healthPort}/readyz`);
      return measured(child);
    },
  };
}

/** The variables by which the manifest limits memory. */
async function memorySettings(): Promise<Record<string, string>> {
  const manifests = parseAllDocuments(await readFile(join(root, "manifests/base/manager.yaml"), "utf8"));
  const deployment = manifests.map((each) => each.toJS()).find(({ kind }) => kind === "Deployment");
  const env: { name: string; value: string }[] = deployment.spec.template.spec.containers[0].env;
  const settings = env.filter(({ name }) => name === "NODE_OPTIONS" || name.startsWith("MALLOC_"));
  return Object.fromEntries(settings.map(({ name, value }) => [name, value]));
}

async function untilReady(url: string): Promise<void> {
  for (;;) {
    const isReady = await fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isReady) return;
    await sleep(200);
  }
}

type Spawn = (args: readonly string[], env: Readonly<Record<string, string>>) => ChildProcess;

/** Bundled as in the image: a program that strips types as it goes takes more memory. */
async function bundle(folder: string, entry: string): Promise<Spawn> {
  const to = join(folder, entry);
  await mkdir(to);
  await run(process.execPath, [join(root, "hack/bundle.ts"), join(import.meta.dirname, `${entry}.ts`), to]);
  await cp(join(root, "src/collector/rating-page"), join(to, "rating-page"), { recursive: true });
  await writeFile(join(to, "package.json"), '{"type": "module"}');
  return (args, env) =>
    spawn(process.execPath, [join(to, `${entry}.js`), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NODE_ENV: "production", ...env },
    });
}

function measured(child: ChildProcess): Measured {
  child.stdout?.resume();
  const proc = (file: string) => readFile(`/proc/${child.pid}/${file}`, "utf8");
  return {
    async rss() {
      const kilobytes = /^VmRSS:\s+(\d+)/m.exec(await proc("status"))?.[1];
      return Number(kilobytes) * 1024;
    },
    async cpu() {
      // Fields 14 and 15, in hundredths of a second; the second one is a name that may hold spaces.
      const fields = (await proc("stat")).replace(/^.*\) /, "").split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    async stop() {
      if (child.exitCode !== null) return;
      child.kill();
      await once(child, "exit");
    },
  };
}
