import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, digestOf } from "../../../src/artifacts/digest.ts";
import { manifestFile } from "../../../src/artifacts/manifest.ts";
import { artifactPath, claimMountPath, parseUri } from "../../../src/artifacts/uri.ts";

/**
 * MODEL_URI is a folder, as the operator's fetch left it, or a pvc:// URI whose claim is mounted in this pod.
 * A folder does not say which digest it should have (fetch checked it), so it is taken at its word.
 */
export async function locateModel(uri: string): Promise<{ folder: string; digest: Digest }> {
  if (uri.startsWith("pvc://")) {
    const { claim, digest } = parseUri(uri);
    return { folder: join(claimMountPath(claim), artifactPath(digest)), digest };
  }
  return { folder: uri, digest: digestOf(await readFile(join(uri, manifestFile))) };
}
