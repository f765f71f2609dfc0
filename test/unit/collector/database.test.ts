import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../src/collector/sqlite/database.ts";
import { MIGRATIONS } from "../../../src/collector/sqlite/schema.sql.ts";

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "dpo-database-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test("a commit waits until it is on the disk", () => {
  const db = openDatabase(temporaryFolder());
  // 2 is FULL: kill -9 does not tell it from OFF, a power failure does.
  expect(db.prepare("PRAGMA temp_store").get()).toEqual({ temp_store: 2 });
  expect(db.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2 });
  expect(db.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
  db.close();
});

test("a store is opened again as it is, and one of a later release is left alone", () => {
  const folder = join(temporaryFolder(), "made", "when", "missing");
  openDatabase(folder).close();
  const again = openDatabase(folder);
  again.exec("PRAGMA user_version = 99");
  again.close();
  expect(() => openDatabase(folder)).toThrow("the store has version 99, this collector knows 2");
});

test("a released migration stays as it was: stores that it made are out there", () => {
  const digests = MIGRATIONS.map((sql) => createHash("sha256").update(sql).digest("hex").slice(0, 16));
  expect(digests).toEqual(["8e2e714abd5d6b7c", "7dcc4b4e3c10804c"]);
});

test("a store of an earlier release is brought to this one's version and keeps what it has", () => {
  const folder = temporaryFolder();
  const first = new DatabaseSync(join(folder, "collector.db"));
  const [schema = ""] = MIGRATIONS;
  first.exec(`BEGIN; ${schema}; PRAGMA user_version = 1; COMMIT`);
  first.exec("INSERT INTO records (id, namespace, scope, key, content, at) VALUES ('r', 'n', 's', 'k', 'c', 'now')");
  first.close();
  const opened = openDatabase(folder);
  expect(opened.prepare("PRAGMA user_version").get()).toEqual({ user_version: MIGRATIONS.length });
  expect(opened.prepare("SELECT id FROM records").all()).toEqual([{ id: "r" }]);
  expect(opened.prepare("SELECT count(*) AS ratings FROM ratings").get()).toEqual({ ratings: 0 });
  opened.close();
});
