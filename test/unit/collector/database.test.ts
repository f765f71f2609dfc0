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
  expect(() => openDatabase(folder)).toThrow(`the store has version 99, this collector knows ${MIGRATIONS.length}`);
});

test("a released migration stays as it was: stores that it made are out there", () => {
  const digests = MIGRATIONS.map((sql) => createHash("sha256").update(sql).digest("hex").slice(0, 16));
  expect(digests).toEqual([
    "8e2e714abd5d6b7c",
    "7dcc4b4e3c10804c",
    "470d428f39d48c71",
    "ce0726d6be3261d1",
    "3982183d44746622",
    "fcd3236c6de8aa12",
    "a49251b1087fd30f",
    "ac1ae57a8edb22e9",
    "8276634a64fa69b5",
    "206fa9c0b4d77381",
  ]);
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

test("what was newest in a store of an earlier release is newest still", () => {
  const folder = temporaryFolder();
  const before = new DatabaseSync(join(folder, "collector.db"));
  for (const sql of MIGRATIONS.slice(0, 5)) before.exec(sql);
  before.exec("PRAGMA user_version = 5");
  before.exec("INSERT INTO live VALUES ('n', 'd', 'one', 's', 'c'), ('n', 'd', 'other', 's', NULL)");
  before.close();
  const opened = openDatabase(folder);
  expect(opened.prepare("SELECT canary, candidate FROM live ORDER BY canary").all()).toEqual([
    { canary: "one", candidate: "c" },
    { canary: "other", candidate: "" },
  ]);
  opened.close();
});

test("raters' votes of earlier releases are numbered within their pair of revisions, in the order of commit", () => {
  const folder = temporaryFolder();
  const before = new DatabaseSync(join(folder, "collector.db"));
  for (const sql of MIGRATIONS.slice(0, 2)) before.exec(sql);
  before.exec("PRAGMA user_version = 2");
  const votes = [
    ["c", "ann"],
    ["c", "bob"],
    ["other", "ann"],
    ["c", "ann"],
    ["c", null],
    ["c", "ann"],
    ["c", null],
  ] as const;
  const record = before.prepare("INSERT INTO records VALUES (?, 'r', 'n', 's', ?, 'c', 'now')");
  const comparison = before.prepare(
    `INSERT INTO comparisons (sequence, namespace, canary, candidate, stable, unit, vote, outcome, labeler, pair)
     VALUES (?, 'n', 'canary', ?, 'stable', ?, 1, 1, ?, 'p')`,
  );
  for (const [index, [candidate, labeler]] of votes.entries()) {
    record.run(index + 1, String(index));
    comparison.run(index + 1, candidate, `unit ${index}`, labeler);
  }
  before.close();
  const opened = openDatabase(folder);
  const rows = opened.prepare("SELECT rater_vote FROM comparisons ORDER BY sequence").all();
  expect(rows.map((row) => row.rater_vote)).toEqual([1, 1, 1, 2, null, 3, null]);
  opened.close();
});

test("comparisons and choices of an earlier release are what they were, corrections too, and take a probability now", () => {
  const folder = temporaryFolder();
  const before = new DatabaseSync(join(folder, "collector.db"));
  for (const sql of MIGRATIONS.slice(0, 8)) before.exec(sql);
  before.exec("PRAGMA user_version = 8");
  for (const sequence of [1, 2])
    before.exec(`INSERT INTO records VALUES (${sequence}, 'r', 'n', 's', '${sequence}', 'c', 'now')`);
  before.exec(`INSERT INTO pairs (number, namespace, id, dataset, canary, prompt, stable, content, state)
               VALUES (7, 'n', 'p', 'd', 'canary', 'how', 's', 'c', 'Judged')`);
  const comparison = before.prepare(
    `INSERT INTO comparisons (sequence, namespace, canary, candidate, stable, unit, vote, outcome, labeler, pair, rater_vote, cohort, margin, corrects)
     VALUES (?, 'n', 'canary', 'c', 's', 'u', 1, ?, 'ann', 'p', 1, 'new', 0.25, ?)`,
  );
  comparison.run(1, 1, null);
  comparison.run(2, 0.5, 1);
  before.exec("INSERT INTO choices VALUES (1, 7, 'A'), (2, 7, 'Tie')");
  const rows = ["SELECT * FROM comparisons ORDER BY sequence", "SELECT * FROM choices ORDER BY sequence"];
  const known = rows.map((sql) => before.prepare(sql).all());
  before.close();
  const opened = openDatabase(folder);
  const columns =
    "sequence, namespace, canary, candidate, stable, unit, vote, outcome, labeler, pair, rater_vote, cohort, margin, corrects";
  expect(
    rows.map((sql) => opened.prepare(sql.replace("* FROM comparisons", `${columns} FROM comparisons`)).all()),
  ).toEqual(known);
  opened.exec("UPDATE comparisons SET outcome = 0.7 WHERE sequence = 2");
  expect(() => opened.exec("UPDATE comparisons SET outcome = 1.1 WHERE sequence = 2")).toThrow("CHECK");
  expect(() => opened.exec("UPDATE comparisons SET corrects = 99 WHERE sequence = 2")).toThrow("FOREIGN KEY");
  expect(opened.prepare("PRAGMA foreign_key_check").all()).toEqual([]);
  opened.close();
});

test("a store with many comparisons is brought to this version in seconds: a collector that takes a minute is killed", () => {
  const folder = temporaryFolder();
  const before = new DatabaseSync(join(folder, "collector.db"));
  for (const sql of MIGRATIONS.slice(0, 8)) before.exec(sql);
  before.exec(`PRAGMA user_version = 8; BEGIN;
    WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 40000)
    INSERT INTO records SELECT n, 'r', 'n', 's', n, 'c', 'now' FROM many;
    INSERT INTO comparisons (sequence, namespace, canary, candidate, stable, unit, vote, outcome, pair)
    SELECT sequence, 'n', 'canary', 'c', 's', key, 1, 1, 'p' FROM records; COMMIT`);
  before.close();
  const started = performance.now();
  const opened = openDatabase(folder);
  expect(performance.now() - started).toBeLessThan(15_000);
  expect(opened.prepare("SELECT count(*) AS all_of_them FROM comparisons").get()).toEqual({ all_of_them: 40_000 });
  opened.close();
});
