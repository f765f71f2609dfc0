import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { crdFiles } from "./crds.ts";

/**
 * Writes every generated file of the repository; with --check it only says which ones differ, and exits with 1.
 * A test calls the same functions, so a change of the schemas without `npm run generate` does not pass.
 */
const root = join(import.meta.dirname, "../..");
const check = process.argv.includes("--check");

const files = new Map([...crdFiles()].map(([name, content]) => [join("crds", name), content]));
const stale: string[] = [];
for (const [path, content] of files) {
  const target = join(root, path);
  const current = await readFile(target, "utf8").catch(() => undefined);
  if (current === content) continue;
  stale.push(path);
  if (check) continue;
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
}
if (stale.length === 0) console.log(`${files.size} generated files are up to date.`);
else
  console.log(
    `${check ? "Out of date" : "Written"}: ${stale.join(", ")}${check ? ". Run npm run generate and commit the result." : ""}`,
  );
if (check && stale.length > 0) process.exitCode = 1;
