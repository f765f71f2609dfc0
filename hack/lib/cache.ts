import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { withLock } from "./lock.ts";

/** The folder for everything that is made once a machine and shared by all clones. */
export function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "dpo-operator");
}

/**
 * Returns the cached folder of this key, which `build` fills the first time.
 * The folder appears by one rename when `build` has returned, so an interrupted build leaves nothing that counts.
 */
export async function ensure(key: string, build: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cacheDir(), key);
  if (existsSync(folder)) return folder;
  return withLock(key, async () => {
    if (existsSync(folder)) return folder;
    const partial = `${folder}.partial`;
    // Only the holder of the lock writes here: what is found is the rest of an interrupted build.
    await rm(partial, { recursive: true, force: true });
    await mkdir(partial, { recursive: true });
    await build(partial);
    await mkdir(dirname(folder), { recursive: true });
    await rename(partial, folder);
    return folder;
  });
}
