import { chmod, mkdir, mkdtemp, open, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Digest } from "./digest.ts";
import { encodeManifest, type Manifest, manifestFile } from "./manifest.ts";
import { STAGING_PREFIX, sweep } from "./sweep.ts";
import { artifactPath } from "./uri.ts";
import { verifyFiles } from "./verify.ts";

export interface Published<M extends Manifest = Manifest> {
  digest: Digest;
  folder: string;
  manifest: M;
}

/**
 * Stores a folder under its digest on the volume at `root`. `build` writes the files into the folder it is given and
 * returns the manifest that describes them. What becomes visible under `sha256/` is whole and on disk, or absent:
 * everything is written into `tmp-artifact-…` on the same volume, synced and renamed. Publishing the same content again is
 * fine. What builds that were killed left there goes first.
 */
export async function publish<M extends Manifest>(
  root: string,
  build: (folder: string) => Promise<M>,
): Promise<Published<M>> {
  await mkdir(path.join(root, "sha256"), { recursive: true });
  const staging = await mkdtemp(path.join(root, STAGING_PREFIX));
  try {
    // By the clock that stamps the files, which may be a server's.
    await sweep(root, (await stat(staging)).mtimeMs);
    const manifest = await build(staging);
    await verifyFiles(staging, manifest);
    const { bytes, digest } = encodeManifest(manifest);
    await writeFile(path.join(staging, manifestFile), bytes);
    // mkdtemp makes it private, but pods that read the volume run under other user ids.
    await chmod(staging, 0o755);
    await syncTree(staging);
    const folder = path.join(root, artifactPath(digest));
    await renameUnlessPresent(staging, folder);
    await sync(path.dirname(folder));
    return { digest, folder, manifest };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function renameUnlessPresent(staging: string, folder: string): Promise<void> {
  try {
    await rename(staging, folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== "ENOTEMPTY" && code !== "EEXIST") throw error;
  }
}

/** A rename may reach the disk before the bytes do: files first, then the folders that name them. */
async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const child = path.join(folder, entry.name);
    await (entry.isDirectory() ? syncTree(child) : sync(child));
  }
  await sync(folder);
}

async function sync(file: string): Promise<void> {
  const handle = await open(file, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
