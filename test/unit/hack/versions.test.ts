import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { goVersion, versions } from "../../../hack/tools/versions.ts";

const modules = join(import.meta.dirname, "..", "..", "..", "hack", "tools", "modules");

test("the Go version is the newest that a pinned module asks for", () => {
  const wanted = readdirSync(modules).map(
    (name) => /^go (\S+)$/m.exec(readFileSync(join(modules, name, "go.mod"), "utf8"))?.[1] ?? "",
  );
  expect(wanted.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1)).toBe(goVersion);
});

test("every version is read from go.mod", () => {
  for (const version of Object.values(versions)) expect(version).toMatch(/^v\d+\.\d+\.\d+$/);
});
