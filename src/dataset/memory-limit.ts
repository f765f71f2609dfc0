import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";

const mebibyte = 2 ** 20;

/** Measured beside DuckDB's own limit: Node's heap, rows on their way in, and what DuckDB does not count. */
const besideDatabase = 512 * mebibyte;

const cgroupFiles = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** Bytes that DuckDB may use in this container. */
export async function databaseMemory(): Promise<number> {
  const limits = await Promise.all(cgroupFiles.map(readLimit));
  return databaseShare(Math.min(totalmem(), ...limits));
}

/**
 * What of a container's memory DuckDB may use. It takes 80% of the host's unless told, which in a pod ends in the
 * kernel killing it. With too little it still works, from the scratch volume.
 */
export function databaseShare(containerBytes: number): number {
  const share = Math.min(0.55 * containerBytes, containerBytes - besideDatabase);
  return Math.floor(Math.max(share, 128 * mebibyte));
}

/** "max" (cgroup v2) and an absent file are no limit. */
async function readLimit(file: string): Promise<number> {
  const limit = Number(await readFile(file, "utf8").catch(() => "max"));
  return Number.isFinite(limit) ? limit : Number.POSITIVE_INFINITY;
}
