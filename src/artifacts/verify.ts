import { stat } from "node:fs/promises";
import path from "node:path";
import { ArtifactError } from "./artifact-error.ts";
import { describeFile } from "./describe-file.ts";
import type { Digest } from "./digest.ts";
import { type Manifest, type ModelManifest, readManifest } from "./manifest.ts";

/**
 * Checks a stored folder against its digest and returns its manifest. Throws ArtifactError.
 * A snapshot is checked down to its manifest: the digest of a split is one of rows, not of bytes, and whoever reads
 * the rows compares it (`splitDigest`).
 */
export async function verify(folder: string, digest: Digest): Promise<Manifest> {
  const manifest = await readManifest(folder, digest);
  await verifyFiles(folder, manifest);
  return manifest;
}

/** Checks that the files of a manifest are there and, for a model, that their bytes are the ones it names. */
export async function verifyFiles(folder: string, manifest: Manifest): Promise<void> {
  for (const { path: name } of manifest.files) await requireFile(path.join(folder, name));
  if (manifest.kind === "Model") {
    for (const expected of manifest.files) await verifyBytes(path.join(folder, expected.path), expected);
  }
}

async function requireFile(file: string): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) {
    throw new ArtifactError("NotFound", `${file} is named in the manifest but is not there: publish it anew`);
  }
}

async function verifyBytes(file: string, expected: ModelManifest["files"][number]): Promise<void> {
  const actual = await describeFile(file);
  if (actual.sha256 === expected.sha256 && actual.size === expected.size) return;
  throw new ArtifactError(
    "DigestMismatch",
    `${file} has sha256 ${actual.sha256} (${actual.size} bytes), its manifest says ${expected.sha256} ` +
      `(${expected.size} bytes): the copy is damaged, publish it anew`,
  );
}
