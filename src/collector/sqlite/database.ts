import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { MIGRATIONS } from "./schema.sql.ts";

type Parameters = Record<string, SQLInputValue>;

/** A prepared statement whose rows have the shape that its SQL says. */
export interface Statement<Row> {
  all(parameters: Parameters): Row[];
  get(parameters: Parameters): Row | undefined;
  /** The rowid of what was inserted. */
  insert(parameters: Parameters): number;
  run(parameters: Parameters): void;
}

/** Milliseconds to wait for another process that holds the file. There is none in order, and waiting stops every request. */
const BUSY_TIMEOUT = 250;

/** Opens the store's file, brings it to the newest version, and makes every commit wait for the disk. */
export function openDatabase(dataDir: string): DatabaseSync {
  mkdirSync(dataDir, { recursive: true });
  const db = new DatabaseSync(join(dataDir, "collector.db"), { timeout: BUSY_TIMEOUT });
  // What a big transaction spills goes to memory: the pod's only writable folder is the data volume.
  db.exec("PRAGMA temp_store = MEMORY");
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
  migrate(db);
  return db;
}

export function prepare<Row>(db: DatabaseSync, sql: string): Statement<Row> {
  const statement = db.prepare(sql);
  return {
    // The one place where SQL's word is taken for a row's shape: the tables are STRICT and written by us alone.
    all: (parameters) => statement.all(parameters) as Row[],
    get: (parameters) => statement.get(parameters) as Row | undefined,
    insert: (parameters) => Number(statement.run(parameters).lastInsertRowid),
    run: (parameters) => {
      statement.run(parameters);
    },
  };
}

function migrate(db: DatabaseSync): void {
  const version = Number(db.prepare("PRAGMA user_version").get()?.user_version);
  if (version > MIGRATIONS.length) {
    throw new Error(
      `the store has version ${version}, this collector knows ${MIGRATIONS.length}: run the release that wrote it`,
    );
  }
  for (const [index, sql] of MIGRATIONS.entries()) {
    if (index >= version) db.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${index + 1}; COMMIT`);
  }
}
