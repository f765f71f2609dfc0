import { constants, copyFile, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import type { Digest } from "./digest.ts";
import { manifestFile } from "./manifest.ts";
import { verify } from "./verify.ts";

export interface FetchOptions {
  /** folder of the stored thing, `…/sha256/<hex>` */
  from: string;
  digest: Digest;
  /** target folder; may be a mount point, and holds nothing else */
  to: string;
}

/**
 * Copies a stored thing and checks the copy. Whoever finds `manifest.json` in the target finds all of it: the target
 * may be a mount point, which cannot be renamed, so files move in one by one and the manifest last.
 * A target that is already right is left alone. Throws ArtifactError.
 */
export async function fetchArtifact({ from, digest, to }: FetchOptions): Promise<"Fetched" | "AlreadyThere"> {
  if (await isWhole(to, digest)) return "AlreadyThere";
  await mkdir(to, { recursive: true });
  const staging = await mkdtemp(path.join(to, ".fetch-"));
  try {
    const { files } = await verify(from, digest);
    const names = [...files.map((file) => file.path), manifestFile];
    for (const name of names) await copy(path.join(from, name), path.join(staging, name));
    await verify(staging, digest);
    await rm(path.join(to, manifestFile), { force: true });
    for (const name of names) await move(path.join(staging, name), path.join(to, name));
    return "Fetched";
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function isWhole(folder: string, digest: Digest): Promise<boolean> {
  return verify(folder, digest).then(
    () => true,
    () => false,
  );
}

async function copy(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await copyFile(from, to, constants.COPYFILE_FICLONE);
}

async function move(from: string, to: string): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true });
  await rename(from, to);
}
