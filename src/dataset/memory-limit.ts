import { readFile } from "node:fs/promises";
import { totalmem } from "node:os";

/**
 * DuckDB takes 80% of the host's memory unless told, which in a pod ends in the kernel killing it. It also exceeds its
 * limit by some hundred MB, and Node needs its own.
 */
const shareOfLimit = 0.55;

const cgroupFiles = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/** Bytes that DuckDB may use in this container. */
export async function databaseMemory(): Promise<number> {
  const limits = await Promise.all(cgroupFiles.map(readLimit));
  return Math.floor(Math.min(totalmem(), ...limits) * shareOfLimit);
}

/** "max" (cgroup v2) and an absent file are no limit. */
async function readLimit(file: string): Promise<number> {
  const limit = Number(await readFile(file, "utf8").catch(() => "max"));
  return Number.isFinite(limit) ? limit : Number.POSITIVE_INFINITY;
}
