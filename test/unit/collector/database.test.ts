import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openDatabase } from "../../../src/collector/sqlite/database.ts";

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
  expect(() => openDatabase(folder)).toThrow("the store has version 99, this collector knows 1");
});
