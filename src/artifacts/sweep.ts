import { lstat, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";

/** How the names of folders that are being built begin. Nothing else on a volume is ever deleted. */
export const STAGING_PREFIX = "tmp-artifact-";

const STALE_MS = 24 * 3600 * 1000;

/**
 * Deletes what builds that were killed left on the volume at `root`: folders of theirs in which nothing has changed in
 * the day before `now`, milliseconds since the epoch by the volume's own clock. Others may be building, and sweeping.
 */
export async function sweep(root: string, now: number): Promise<void> {
  for (const name of await readdir(root)) {
    if (!name.startsWith(STAGING_PREFIX)) continue;
    const folder = path.join(root, name);
    try {
      if (now - (await lastChange(folder)) < STALE_MS) continue;
      // Out of its builder's reach first: one that wakes up after a day must not publish half a folder.
      const doomed = `${folder}-swept`;
      await rename(folder, doomed);
      await rm(doomed, { recursive: true });
    } catch {
      // Gone already, or another user's: whoever may delete it will.
    }
  }
}

/** Of the folder and of everything in it: a long write into one file changes that file only. */
async function lastChange(folder: string): Promise<number> {
  let last = (await lstat(folder)).mtimeMs;
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const child = path.join(folder, entry.name);
    last = Math.max(last, entry.isDirectory() ? await lastChange(child) : (await lstat(child)).mtimeMs);
  }
  return last;
}
