import { existsSync } from "node:fs";
import { platform } from "node:os";
import { ensureDebianPackages } from "../lib/apt.ts";
import { withLock } from "../lib/lock.ts";
import { step } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { type Clone, nodeOf } from "./clone.ts";

import { DAEMON_ENV, DAEMON_LOCK, daemonAnswers, startDaemon, stopDaemon } from "./dockerd.ts";
import { succeeds } from "./succeeds.ts";
import { addUser, countUsers, leave } from "./users.ts";

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
    const running = (await daemonAnswers()) ? await docker(OWN_DOCKER, "ps", "--format", "{{.Names}}") : "";
    const { live, gone } = countUsers((cluster) => running.split("\n").includes(nodeOf(cluster)));
    if (live.length === 0) await stopDaemon();
    else for (const user of gone) await removeRemains(user.cluster);
  });
}

export function docker(daemon: Docker, ...args: string[]): Promise<string> {
  return run("docker", args, { env: daemon.env });
}

export async function removeNetwork(daemon: Docker, network: string): Promise<void> {
  if (await succeeds("docker", ["network", "inspect", network], { env: daemon.env })) {
    await docker(daemon, "network", "rm", network);
  }
}

/** Of a clone that was deleted, or whose process was killed: nobody else would. The network has the cluster's name. */
async function removeRemains(cluster: string): Promise<void> {
  await docker(OWN_DOCKER, "rm", "--force", "--volumes", nodeOf(cluster));
  await removeNetwork(OWN_DOCKER, cluster);
}

function canRunOwnDaemon(): boolean {
  return platform() === "linux" && process.getuid?.() === 0 && existsSync("/etc/debian_version");
}

const NO_DOCKER =
  "No Docker daemon answers (`docker version`), and one of our own needs root on Debian. " +
  "Start Docker, or run this command as root on a Debian machine.";
