import path from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import * as z from "zod";
import { digestSchema } from "../artifacts/digest.ts";
import type { SnapshotManifest } from "../artifacts/manifest.ts";
import { splitFile } from "../artifacts/snapshot-row.ts";
import { quoted, selectRows } from "./database.ts";
import { type SplitName, type SplitShares, splitSalt } from "./split.ts";

const splitSchema = z
  .object({ rows: z.coerce.number(), hex: z.string() })
  .transform(({ rows, hex }) => ({ rows, digest: digestSchema.parse(`sha256:${hex}`) }));

type Split = SnapshotManifest["splits"]["train"];

/** Writes the table `pair` as three Parquet files into `folder` and returns the manifest, which names rows, not bytes. */
export async function writeSnapshot(
  connection: DuckDBConnection,
  folder: string,
  shares: SplitShares,
): Promise<SnapshotManifest> {
  const splits: Record<SplitName, Split> = {
    train: await writeSplit(connection, folder, "train"),
    validation: await writeSplit(connection, folder, "validation"),
    heldOut: await writeSplit(connection, folder, "heldOut"),
  };
  const { validation, heldOut } = shares;
  return {
    kind: "Snapshot",
    settings: {
      split: { by: "Prompt", salt: splitSalt, validation, heldOut },
      deduplication: "Exact",
      adjudication: "Majority",
    },
    splits,
    files: [
      { path: splitFile("train"), rows: splits.train.rows },
      { path: splitFile("validation"), rows: splits.validation.rows },
      { path: splitFile("heldOut"), rows: splits.heldOut.rows },
    ],
  };
}

async function writeSplit(connection: DuckDBConnection, folder: string, split: SplitName): Promise<Split> {
  const file = path.join(folder, splitFile(split));
  await connection.run(`COPY (
    SELECT record.row_id, prompt, chosen, rejected, labeler, labeled_at, cohort
    FROM pair JOIN record ON record.rowid = pair.record WHERE pair.split = ${quoted(split)} ORDER BY record.row_id
    ) TO ${quoted(file)} (FORMAT parquet, COMPRESSION zstd)`);
  // The same digest as splitDigest of snapshot-row.ts, which readers compute.
  const [row] = await selectRows(
    connection,
    `SELECT count(*) AS rows, sha256(coalesce(string_agg(row_id, chr(10) ORDER BY row_id), '')) AS hex
     FROM pair WHERE split = ${quoted(split)}`,
  );
  return splitSchema.parse(row);
}
