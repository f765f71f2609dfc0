import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const docs = join(import.meta.dirname, "../../../docs");
const text = readFileSync(join(docs, "compared.md"), "utf8");
const files = new Map(
  Array.from(text.matchAll(/^\[([\w-]+)\]: (\S+)$/gm), ([, label = "", path = ""]) => [label, path]),
);
/** As written: `[file] "how the test's name begins"`, over the end of a line too. */
const named = Array.from(
  text.replaceAll("\n", " ").matchAll(/\[([\w-]+)\] "([^"]+)"/g),
  ([, label = "", name = ""]) => ({ label, name }),
);
const rows = text.split("\n").filter((line) => /^\| \d+★? \|/.test(line));
const cells = rows.map((row) =>
  row
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim()),
);

/** Those that have a test with their own number. */
const STARRED = [1, 3, 4, 6, 8, 10, 12, 14, 19, 29, 39, 40, 43, 46, 55];

function sourceOf(label: string): string {
  const path = join(docs, files.get(label) ?? "no such label");
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

describe("docs/compared.md", () => {
  it("has each of the 58 scenarios once, in order", () => {
    expect(cells.map(([number = ""]) => Number.parseInt(number, 10))).toEqual(
      Array.from({ length: 58 }, (_, i) => i + 1),
    );
    for (const row of cells) expect(row).toHaveLength(4);
  });

  it("says of each which test shows it, or that it is not built", () => {
    const shown = cells.filter(([, , , test = ""]) => /^\[[\w-]+\] "/.test(test) || test === "not built");
    expect(shown).toEqual(cells);
  });

  it("names only tests that exist", () => {
    expect(named.length).toBeGreaterThan(80);
    const missing = named.filter(({ label, name }) => !sourceOf(label).includes(`"${name}`));
    expect(missing).toEqual([]);
  });

  it("names every file that it has a label for", () => {
    expect([...files.keys()].toSorted()).toEqual([...new Set(named.map(({ label }) => label))].toSorted());
  });

  it.each(STARRED)("has a star at %i, and a test that begins with the number", (number) => {
    const [star, , , test = ""] = cells[number - 1] ?? [];
    expect(star).toBe(`${number}★`);
    expect(test).toMatch(new RegExp(`\\] "${number} `));
  });

  it("has no other stars", () => {
    expect(cells.filter(([number = ""]) => number.endsWith("★"))).toHaveLength(STARRED.length);
  });
});
