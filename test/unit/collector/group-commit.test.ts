import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { createGroupCommit } from "../../../src/collector/sqlite/group-commit.ts";

/** The writer's connection, and what another one sees, which is what is committed. */
function openTwice() {
  const folder = mkdtempSync(join(tmpdir(), "dpo-group-commit-"));
  const writer = new DatabaseSync(join(folder, "test.db"));
  writer.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE parents (id INTEGER PRIMARY KEY);
    CREATE TABLE rows (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents DEFERRABLE INITIALLY DEFERRED)`);
  const reader = new DatabaseSync(join(folder, "test.db"));
  onTestFinished(() => {
    writer.close();
    reader.close();
    rmSync(folder, { recursive: true });
  });
  const committedRows = () =>
    reader
      .prepare("SELECT id FROM rows ORDER BY id")
      .all()
      .map(({ id }) => id);
  return { writer, committedRows };
}

test("writers are answered, and listeners told, only after the commit they share", async () => {
  const { writer, committedRows } = openTwice();
  const seen: unknown[] = [];
  const write = createGroupCommit(writer, () => seen.push(committedRows()));
  const writes = [1, 2, 3].map((id) => write(() => writer.exec(`INSERT INTO rows (id) VALUES (${id})`)));
  expect(committedRows()).toEqual([]);
  await Promise.race(writes);
  expect(committedRows()).toEqual([1, 2, 3]);
  await Promise.all(writes);
  expect(seen).toEqual([[1, 2, 3]]);
});

test("a write that throws takes its own changes back and no other's", async () => {
  const { writer, committedRows } = openTwice();
  const write = createGroupCommit(writer, () => {});
  const results = await Promise.allSettled([
    write(() => writer.exec("INSERT INTO rows (id) VALUES (1)")),
    write(() => {
      writer.exec("INSERT INTO rows (id) VALUES (2)");
      throw new Error("refused");
    }),
    write(() => writer.exec("INSERT INTO rows (id) VALUES (3)")),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
  expect(results[1]).toMatchObject({ reason: { message: "refused" } });
  expect(committedRows()).toEqual([1, 3]);
});

test("a commit that fails is nobody's success, wakes nobody, and the next one works", async () => {
  const { writer, committedRows } = openTwice();
  let commits = 0;
  const write = createGroupCommit(writer, () => {
    commits += 1;
  });
  const results = await Promise.allSettled([
    write(() => writer.exec("INSERT INTO rows (id) VALUES (1)")),
    // Checked at the commit only: the commit itself fails.
    write(() => writer.exec("INSERT INTO rows (id, parent) VALUES (2, 99)")),
  ]);
  for (const result of results) {
    expect(result).toMatchObject({ status: "rejected", reason: { reason: "StoreUnavailable" } });
  }
  expect(committedRows()).toEqual([]);
  expect(commits).toBe(0);
  await write(() => writer.exec("INSERT INTO rows (id) VALUES (4)"));
  expect(committedRows()).toEqual([4]);
});

test("a full disk is nobody's success, says so, and the next write that fits works", async () => {
  const { writer, committedRows } = openTwice();
  writer.exec("CREATE TABLE blobs (data BLOB); PRAGMA max_page_count = 40");
  const write = createGroupCommit(writer, () => {});
  const results = await Promise.allSettled([
    write(() => writer.exec("INSERT INTO rows (id) VALUES (1)")),
    write(() => writer.exec("INSERT INTO blobs VALUES (zeroblob(1000000))")),
    write(() => writer.exec("INSERT INTO rows (id) VALUES (2)")),
  ]);
  for (const result of results) {
    expect(result.status).toBe("rejected");
    if (result.status === "rejected") expect(result.reason).toMatchObject({ reason: "StoreUnavailable" });
    if (result.status === "rejected") expect(result.reason.message).toContain("database or disk is full");
  }
  await write(() => writer.exec("INSERT INTO rows (id) VALUES (3)"));
  expect(committedRows()).toEqual([3]);
});
