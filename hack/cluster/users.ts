import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../lib/cache.ts";
import type { Clone } from "./clone.ts";

/** The clones that use our dockerd: a file each. Call these under the daemon's lock. */
const folder = join(cacheDir(), "docker/users");

export interface User {
  readonly root: string;
  readonly cluster: string;
  /** The process that last worked with the daemon, told apart from a later one of the same number by its start. */
  readonly pid: number;
  readonly started: string;
}

export function addUser(clone: Clone): void {
  mkdirSync(folder, { recursive: true });
  const user: User = {
    root: clone.root,
    cluster: clone.cluster,
    pid: process.pid,
    started: startOf(process.pid) ?? "",
  };
  writeFileSync(fileOf(clone.cluster), JSON.stringify(user));
}

export function leave(clone: Clone): void {
  rmSync(fileOf(clone.cluster), { force: true });
}

/** All that are still there; the files of the others are removed. */
export function liveUsers(clusterExists: (name: string) => boolean): User[] {
  if (!existsSync(folder)) return [];
  const users = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as User);
  const live = users.filter((user) => isLive(user, clusterExists));
  for (const user of users) if (!live.includes(user)) rmSync(fileOf(user.cluster));
  return live;
}

/** A clone counts while its process works or its cluster stands. One that was deleted can never take its cluster down: it does not. */
export function isLive(user: User, clusterExists: (name: string) => boolean): boolean {
  return existsSync(user.root) && (startOf(user.pid) === user.started || clusterExists(user.cluster));
}

/** When a process began, in clock ticks since boot: field 22 of its stat, counted after the name, which may hold anything. */
export function startOf(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) ? readFileSync(file, "utf8").split(") ").at(-1)?.split(" ")[19] : undefined;
}

function fileOf(cluster: string): string {
  return join(folder, `${cluster}.json`);
}
