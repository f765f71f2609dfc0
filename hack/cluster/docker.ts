import { existsSync } from "node:fs";
import { platform } from "node:os";
import { ensureDebianPackages } from "../lib/apt.ts";
import { withLock } from "../lib/lock.ts";
import { step } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { type Clone, nodeOf } from "./clone.ts";

import { DAEMON_ENV, DAEMON_LOCK, daemonAnswers, startDaemon, stopDaemon } from "./dockerd.ts";
import { succeeds } from "./succeeds.ts";
import { addUser, leave, liveUsers } from "./users.ts";

/** A Docker daemon: whose it is, and the environment in which `docker` and `kind` talk to it. */
export interface Docker {
  readonly own: boolean;
  readonly env: Readonly<Record<string, string>>;
}

const USERS_DOCKER: Docker = { own: false, env: {} };
const OWN_DOCKER: Docker = { own: true, env: DAEMON_ENV };

/** The daemon to use, started if it has to be ours; this clone then counts as one of its users. */
export async function joinDocker(clone: Clone): Promise<Docker> {
  if (await answers(USERS_DOCKER)) return USERS_DOCKER;
  if (!canRunOwnDaemon()) throw new Error(NO_DOCKER);
  await ensureDebianPackages(["docker.io", "iptables", "iproute2"]);
  await withLock(DAEMON_LOCK, async () => {
    addUser(clone);
    if (!(await daemonAnswers())) await step("Docker daemon started", startDaemon);
  });
  return OWN_DOCKER;
}

/** The daemon that would be used now, without starting one: ours if it runs, the user's otherwise. */
export async function runningDocker(): Promise<Docker> {
  return (await daemonAnswers()) ? OWN_DOCKER : USERS_DOCKER;
}

export function answers(daemon: Docker): Promise<boolean> {
  return succeeds("docker", ["version"], { env: daemon.env });
}

/** The last clone to leave our daemon stops it. A daemon of the user's is left as it is. */
export async function leaveDocker(clone: Clone): Promise<void> {
  if (!canRunOwnDaemon()) return;
  await withLock(DAEMON_LOCK, async () => {
    leave(clone);
    const nodes = (await daemonAnswers()) ? await containers(OWN_DOCKER) : [];
    if (liveUsers((cluster) => nodes.includes(nodeOf(cluster))).length === 0) await stopDaemon();
  });
}

export function docker(daemon: Docker, ...args: string[]): Promise<string> {
  return run("docker", args, { env: daemon.env });
}

/** Names of all containers, running or not. */
export async function containers(daemon: Docker): Promise<string[]> {
  return (await docker(daemon, "ps", "--all", "--format", "{{.Names}}")).trim().split("\n");
}

function canRunOwnDaemon(): boolean {
  return platform() === "linux" && process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

const NO_DOCKER =
  "No Docker daemon answers (`docker version`), and one of our own needs root on Debian. " +
  "Start Docker, or run this command as root on a Debian machine.";
