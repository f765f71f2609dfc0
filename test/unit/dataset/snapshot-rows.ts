import { readFile } from "node:fs/promises";
import path from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { parquetReadObjects } from "hyparquet";
import type { Digest } from "../../../src/artifacts/digest.ts";
import { snapshotManifestSchema } from "../../../src/artifacts/manifest.ts";
import { type ParquetRow, parquetRowSchema } from "../../../src/artifacts/snapshot-row.ts";
import { artifactPath } from "../../../src/artifacts/uri.ts";
import { verify } from "../../../src/artifacts/verify.ts";

/** The rows of every file of a snapshot, read as the trainer reads them. */
export async function snapshotRows(volume: string, digest: Digest): Promise<Record<string, ParquetRow[]>> {
  const folder = path.join(volume, artifactPath(digest));
  const { files } = snapshotManifestSchema.parse(await verify(folder, digest));
  const rows: Record<string, ParquetRow[]> = {};
  for (const file of files) rows[file.path] = await parquetRows(path.join(folder, file.path));
  return rows;
}

async function parquetRows(file: string): Promise<ParquetRow[]> {
  const bytes = await readFile(file);
  const objects = await parquetReadObjects({
    file: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength),
    compressors: { ZSTD: (input) => zstdDecompressSync(input) },
  });
  return objects.map((object) => parquetRowSchema.parse(object));
}
