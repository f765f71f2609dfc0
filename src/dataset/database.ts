import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { type DuckDBConnection, DuckDBInstance, type Json } from "@duckdb/node-api";

export interface DatabaseOptions {
  /** folder for the database and what does not fit into memory */
  scratch: string;
  memoryBytes: number;
  threads: number;
}

/** Runs `work` on an empty database of its own, which is gone afterwards. */
export async function withDatabase<T>(
  { scratch, memoryBytes, threads }: DatabaseOptions,
  work: (connection: DuckDBConnection) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(scratch, "duckdb-"));
  const instance = await DuckDBInstance.create(path.join(folder, "profile.duckdb"), {
    memory_limit: `${memoryBytes}B`,
    threads: String(threads),
    temp_directory: path.join(folder, "spill"),
    // A pod has no business downloading code; everything used is linked in.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
  });
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
}

/** For aggregates only: rows come whole into memory. Whole numbers beyond 2^53 come as text. */
export async function selectRows(connection: DuckDBConnection, sql: string): Promise<Record<string, Json>[]> {
  const result = await connection.runAndReadAll(sql);
  return result.getRowObjectsJson();
}

/** A text as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
