import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "./cache.ts";
import { say } from "./progress.ts";

const patienceMs = 2000;

/**
 * Runs `work` while no other process of this machine holds the lock of this name.
 * The kernel keeps the lock (flock) for a child whose stdin is a pipe from this process:
 * however this process ends, the pipe closes, the child ends and the lock is free. There are no stale locks.
 */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  const holder = await acquire(name);
  try {
    return await work();
  } finally {
    const ended = once(holder, "close");
    holder.stdin?.end();
    await ended;
  }
}

async function acquire(name: string): Promise<ChildProcess> {
  const folder = join(cacheDir(), "locks");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, name.replaceAll("/", "_"));
  // A group of its own: Ctrl-C in the terminal must not free the lock before this process has cleaned up.
  const holder = spawn("flock", [file, "sh", "-c", "echo held; exec cat"], {
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const patience = setTimeout(() => say(`waiting for another run that holds ${file}`), patienceMs);
  try {
    await held(holder, file);
  } finally {
    clearTimeout(patience);
  }
  return holder;
}

function held(holder: ChildProcess, file: string): Promise<void> {
  return new Promise((resolve, reject) => {
    holder.once("error", () => reject(new Error("flock is missing: install it with `apt-get install util-linux`")));
    holder.once("exit", () => reject(new Error(`cannot lock ${file}: is its folder writable?`)));
    holder.stdout?.once("data", () => resolve());
  });
}
