import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDir } from "../lib/cache.ts";
import type { Clone } from "./clone.ts";
import { writeWhole } from "./write-whole.ts";

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
  writeWhole(fileOf(clone.cluster), JSON.stringify(user));
}

export function leave(clone: Clone): void {
  rmSync(fileOf(clone.cluster), { force: true });
}

/** Which clones are still there, and of which only remains are; the files of those are removed. */
export function countUsers(clusterRuns: (name: string) => boolean): { live: User[]; gone: User[] } {
  if (!existsSync(folder)) return { live: [], gone: [] };
  const users = readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as User);
  const live = users.filter((user) => isLive(user, clusterRuns));
  const gone = users.filter((user) => !live.includes(user));
  for (const user of gone) rmSync(fileOf(user.cluster));
  return { live, gone };
}

/** A clone counts while its process works or its cluster runs. One that was deleted can never take its cluster down: it does not. */
export function isLive(user: User, clusterRuns: (name: string) => boolean): boolean {
  return existsSync(user.root) && (startOf(user.pid) === user.started || clusterRuns(user.cluster));
}

/** When a process began, in clock ticks since boot: field 22 of its stat, counted after the name, which may hold anything. */
export function startOf(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) ? readFileSync(file, "utf8").split(") ").at(-1)?.split(" ")[19] : undefined;
}

function fileOf(cluster: string): string {
  return join(folder, `${cluster}.json`);
}
