import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { rowId, splitDigest } from "../../src/artifacts/snapshot-row.ts";
import { type Published, publish } from "../../src/artifacts/store.ts";

export interface Preference {
  prompt: string;
  chosen: string;
  rejected: string;
}

function idOf(preference: Preference): string {
  return rowId({ ...preference, labeler: null, labeledAt: null, cohort: null });
}

/** Stores a snapshot as the profile role writes it; `file` may hold other rows than the manifest says. */
export function publishSnapshot(
  root: string,
  splits: { train: Preference[]; heldOut: Preference[] },
  file: { train: Preference[] } = splits,
): Promise<Published> {
  return publish(root, async (folder) => {
    await writeParquet(join(folder, "train.parquet"), file.train, splits.train.map(idOf));
    await writeParquet(join(folder, "heldOut.parquet"), splits.heldOut, splits.heldOut.map(idOf));
    function split(rows: Preference[]) {
      return { rows: rows.length, digest: splitDigest(rows.map(idOf)) };
    }
    return {
      kind: "Snapshot",
      settings: {
        split: { by: "Prompt", salt: "test", validation: 0, heldOut: 0.2 },
        ...{ deduplication: "Exact", adjudication: "Majority" },
      },
      splits: { train: split(splits.train), validation: split([]), heldOut: split(splits.heldOut) },
      files: [
        { path: "train.parquet", rows: splits.train.length },
        { path: "heldOut.parquet", rows: splits.heldOut.length },
      ],
    };
  });
}

async function writeParquet(file: string, rows: Preference[], ids: string[]): Promise<void> {
  const connection = await (await DuckDBInstance.create()).connect();
  await connection.run(
    "CREATE TABLE row (row_id TEXT, prompt TEXT, chosen TEXT, rejected TEXT, labeler TEXT, labeled_at TEXT, cohort TEXT)",
  );
  for (const [i, { prompt, chosen, rejected }] of rows.entries()) {
    await connection.run("INSERT INTO row VALUES ($1, $2, $3, $4, NULL, NULL, NULL)", [
      ...[ids[i] ?? "", prompt, chosen, rejected],
    ]);
  }
  await connection.run(`COPY row TO '${file}' (FORMAT parquet, COMPRESSION zstd)`);
  connection.closeSync();
}
