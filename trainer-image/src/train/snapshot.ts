import { open } from "node:fs/promises";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { type AsyncBuffer, parquetReadObjects } from "hyparquet";
import { z } from "zod";
import { ArtifactError } from "../../../src/artifacts/artifact-error.ts";
import type { Digest } from "../../../src/artifacts/digest.ts";
import type { SnapshotManifest } from "../../../src/artifacts/manifest.ts";
import {
  type ParquetRow,
  parquetRowId,
  parquetRowSchema,
  splitDigest,
  splitFile,
} from "../../../src/artifacts/snapshot-row.ts";
import { verify } from "../../../src/artifacts/verify.ts";

/** hyparquet leaves zstd, which snapshots are written with, to its caller. */
const compressors = { ZSTD: (input: Uint8Array): Uint8Array => zstdDecompressSync(input) };

export interface SnapshotRows {
  train: ParquetRow[];
  heldOut: ParquetRow[];
}

/**
 * Reads what a training needs of a stored snapshot, and recomputes every row's id and each split's digest, so that a
 * model's lineage names the preferences that it really saw. Rows come in the order of their ids, whatever the files'.
 * Throws ArtifactError.
 */
export async function readSnapshot(folder: string, digest: Digest): Promise<SnapshotRows> {
  const manifest = await verify(folder, digest);
  if (manifest.kind !== "Snapshot") {
    throw new ArtifactError("InvalidManifest", `${folder} holds a model, expected a snapshot of preferences`);
  }
  return { train: await readSplit(folder, manifest, "train"), heldOut: await readSplit(folder, manifest, "heldOut") };
}

async function readSplit(
  folder: string,
  manifest: SnapshotManifest,
  split: "train" | "heldOut",
): Promise<ParquetRow[]> {
  const file = join(folder, splitFile(split));
  const expected = manifest.splits[split];
  const rows = expected.rows === 0 ? [] : await readRows(file);
  for (const [index, row] of rows.entries()) {
    const id = parquetRowId(row);
    if (id !== row.row_id) {
      const says = `row ${index} of ${file} says row_id ${row.row_id}, its content has ${id}`;
      throw new ArtifactError("DigestMismatch", `${says}: the snapshot was altered, take a new one`);
    }
  }
  const actual = splitDigest(rows.map((row) => row.row_id));
  if (actual !== expected.digest) {
    const says = `${file} holds ${rows.length} rows with digest ${actual}`;
    const wanted = `the manifest says ${expected.rows} rows with ${expected.digest}`;
    throw new ArtifactError("DigestMismatch", `${says}, ${wanted}: the snapshot was altered, take a new one`);
  }
  return rows.toSorted((a, b) => (a.row_id < b.row_id ? -1 : 1));
}

async function readRows(path: string): Promise<ParquetRow[]> {
  const handle = await open(path, "r");
  try {
    const { size } = await handle.stat();
    const file: AsyncBuffer = {
      byteLength: size,
      async slice(start, end = size) {
        const bytes = new Uint8Array(end - start);
        await handle.read(bytes, 0, bytes.length, start);
        return bytes.buffer;
      },
    };
    return z.array(parquetRowSchema).parse(await parquetReadObjects({ file, compressors }));
  } catch (cause) {
    if (cause instanceof ArtifactError) throw cause;
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ArtifactError("InvalidManifest", `${path} cannot be read as a split of a snapshot: ${why}`, { cause });
  } finally {
    await handle.close();
  }
}
