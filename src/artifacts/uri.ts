import { ArtifactError } from "./artifact-error.ts";
import { type Digest, digestHex } from "./digest.ts";

/** Where a stored thing lives: a PersistentVolumeClaim and the digest that names the folder on it. */
export interface ArtifactLocation {
  claim: string;
  digest: Digest;
}

const pattern = /^pvc:\/\/([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)\/sha256\/([0-9a-f]{64})$/;

/** `pvc://<claim>/sha256/<hex>` */
export function formatUri({ claim, digest }: ArtifactLocation): string {
  return `pvc://${claim}/${artifactPath(digest)}`;
}

/** Throws ArtifactError InvalidUri, with the form that is expected. */
export function parseUri(uri: string): ArtifactLocation {
  const [, claim, hex] = pattern.exec(uri) ?? [];
  if (claim === undefined || hex === undefined) {
    throw new ArtifactError(
      "InvalidUri",
      `"${uri}" is not an artifact URI: write pvc://<claim>/sha256/<64 hex digits>`,
    );
  }
  return { claim, digest: `sha256:${hex}` };
}

/** The folder of a stored thing, relative to the root of its volume. */
export function artifactPath(digest: Digest): string {
  return `sha256/${digestHex(digest)}`;
}

/** Where a pod that mounts `claim` finds it. */
export function claimMountPath(claim: string): string {
  return `/volumes/${claim}`;
}
