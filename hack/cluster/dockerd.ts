import { spawn } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { cacheDir } from "../lib/cache.ts";
import { onInterrupt } from "../lib/interrupt.ts";
import { run } from "../lib/run.ts";
import { lacksSysResource } from "./capability.ts";
import { dropRule } from "./firewall.ts";
import { rememberHost, restoreHost } from "./host-state.ts";
import { SERVICE_SUBNET } from "./settings.ts";
import { succeeds } from "./succeeds.ts";

/** One dockerd a machine, for all clones, with everything it owns in one folder of the cache. */
const home = join(cacheDir(), "docker");
const socket = join(home, "docker.sock");
const pidFile = join(home, "dockerd.pid");
const logFile = join(home, "dockerd.log");
const execRoot = join(home, "exec");
const hostFile = join(home, "host-before.json");

export const DAEMON_LOCK = "docker";
export const DAEMON_ENV = { DOCKER_HOST: `unix://${socket}`, DOCKER_BUILDKIT: "0" } as const;

const START_SECONDS = 60;
const STOP_SECONDS = 30;

/** Idempotent. Call it under DAEMON_LOCK, as everything here. */
export async function startDaemon(): Promise<void> {
  if (await daemonAnswers()) return;
  // Nobody uses it before the lock is free: an interrupt while it starts may end it.
  const forget = onInterrupt(stopDaemon);
  try {
    mkdirSync(home, { recursive: true });
    await rememberHost(hostFile);
    await launch();
    const rule = dropRule(SERVICE_SUBNET);
    if (!(await succeeds("iptables", ["-C", ...rule]))) await run("iptables", ["-I", ...rule]);
  } finally {
    forget();
  }
}

async function launch(): Promise<void> {
  let failure: string | undefined;
  if (!isRunning()) {
    // Left by one that was killed; dockerd would believe it for as long as a process of that number is there.
    rmSync(pidFile, { force: true });
    const log = openSync(logFile, "w");
    // A session of its own: it outlives this process, and a Ctrl-C in its terminal.
    const dockerd = spawn("dockerd", daemonArguments(), { detached: true, stdio: ["ignore", log, log] });
    dockerd.on("error", (error) => (failure = error.message));
    dockerd.on("exit", (code) => (failure ??= `it ended with code ${code}`));
    dockerd.unref();
  }
  for (const deadline = Date.now() + START_SECONDS * 1000; !(await daemonAnswers()); await sleep(200)) {
    if (failure === undefined && Date.now() < deadline) continue;
    throw new Error(`dockerd did not start (${failure ?? `no answer in ${START_SECONDS} s`}): see ${logFile}`);
  }
}

function isRunning(): boolean {
  return existsSync(pidFile) && runs(readFileSync(pidFile, "utf8"));
}

/** True while the process is a dockerd of ours, answering or not. One that was killed and not yet reaped has no command line. */
function runs(pid: string): boolean {
  const commandLine = `/proc/${pid}/cmdline`;
  return existsSync(commandLine) && readFileSync(commandLine, "utf8").includes(pidFile);
}

/** Stops the daemon and takes away all that it put on the machine; images stay in its data root. */
export async function stopDaemon(): Promise<void> {
  if (!existsSync(hostFile)) return;
  // One that was killed left containers running, which only a daemon can end in order.
  await startDaemon();
  const containers = words(await docker("ps", "--all", "--quiet"));
  if (containers.length > 0) await docker("rm", "--force", "--volumes", ...containers);
  const networks = words(await docker("network", "ls", "--quiet", "--filter", "type=custom"));
  if (networks.length > 0) await docker("network", "rm", ...networks);
  await end(readFileSync(pidFile, "utf8"));
  await unmountBelow(home);
  await restoreHost(hostFile);
  rmSync(execRoot, { recursive: true, force: true });
  rmSync(socket, { force: true });
}

export async function daemonAnswers(): Promise<boolean> {
  return existsSync(socket) && (await succeeds("docker", ["version"], { env: DAEMON_ENV }));
}

function daemonArguments(): string[] {
  const own = [
    "--data-root",
    join(home, "data"),
    "--exec-root",
    execRoot,
    "--pidfile",
    pidFile,
    "--host",
    DAEMON_ENV.DOCKER_HOST,
  ];
  if (!lacksSysResource()) return own;
  // A copy, since the clone that it comes from may be deleted while the daemon serves another one.
  const wrapper = join(home, "runc-without-sys-resource");
  copyFileSync(join(import.meta.dirname, "runc-without-sys-resource"), wrapper);
  return [...own, "--add-runtime", `without-sys-resource=${wrapper}`, "--default-runtime", "without-sys-resource"];
}

async function end(pid: string): Promise<void> {
  process.kill(Number(pid), "SIGTERM");
  for (const deadline = Date.now() + STOP_SECONDS * 1000; runs(pid); await sleep(100)) {
    if (Date.now() > deadline)
      throw new Error(`dockerd (process ${pid}) did not end in ${STOP_SECONDS} s: see ${logFile}`);
  }
}

async function unmountBelow(folder: string): Promise<void> {
  const points = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) await run("umount", [point]);
}

function docker(...args: string[]): Promise<string> {
  return run("docker", args, { env: DAEMON_ENV });
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}
