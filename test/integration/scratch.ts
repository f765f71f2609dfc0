import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const prefix = "dpo-control-plane-";

/** Makes a temporary folder for this process, and removes those of processes that were killed before they could. */
export function scratchFolder(): string {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(prefix) ? name.slice(prefix.length).split("-")[0] : undefined;
    if (owner !== undefined && !existsSync(`/proc/${owner}`)) removeScratch(join(tmpdir(), name));
  }
  return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
}

export function removeScratch(folder: string): void {
  // A server that was just killed may still hold its files for a moment.
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
