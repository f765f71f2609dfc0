import { lutimes, mkdir, readdir, symlink, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, test } from "vitest";
import { publish } from "../../../src/artifacts/store.ts";
import { STAGING_PREFIX, sweep } from "../../../src/artifacts/sweep.ts";
import { buildModel } from "./model-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const HOUR = 3600 * 1000;
const now = Date.parse("2026-01-03T12:00:00Z");

/** A folder with a file in a folder, last changed so many hours ago. */
async function leave(root: string, name: string, hours: { folder: number; file?: number }): Promise<void> {
  const folder = path.join(root, name);
  const file = path.join(folder, "parts/weights.bin");
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, "weights");
  const ago = (count: number) => new Date(now - count * HOUR);
  await utimes(file, ago(0), ago(hours.file ?? hours.folder));
  for (const each of [path.dirname(file), folder]) await utimes(each, ago(0), ago(hours.folder));
}

const LEFT = `${STAGING_PREFIX}aB3xYz`;

test.each<[string, string, { folder: number; file?: number }, boolean]>([
  ["what a build left more than a day ago goes", LEFT, { folder: 25 }, false],
  ["what may still be built stays", LEFT, { folder: 23 }, true],
  ["a file that is still written keeps its folder", LEFT, { folder: 25, file: 1 }, true],
  ["what a sweep that was killed left goes as well", `${LEFT}-swept`, { folder: 25 }, false],
  ["a person's own folder stays, whatever its age", "tmp-backup", { folder: 10_000 }, true],
  ["what was published stays, whatever its age", "sha256", { folder: 10_000 }, true],
])("%s", async (_what, name, hours, stays) => {
  const root = await temporaryFolder();
  await leave(root, name, hours);
  await sweep(root, now);
  expect(await readdir(root)).toEqual(stays ? [name] : []);
});

test("a link that leads out of the folder is deleted, not what it leads to", async () => {
  const root = await temporaryFolder();
  await mkdir(path.join(root, "kept"));
  await writeFile(path.join(root, "kept/file"), "mine");
  await leave(root, LEFT, { folder: 25 });
  const link = path.join(root, LEFT, "link");
  await symlink(path.join(root, "kept"), link);
  const old = new Date(now - 25 * HOUR);
  await lutimes(link, old, old);
  await utimes(path.join(root, LEFT), old, old);
  await sweep(root, now);
  expect(await readdir(root, { recursive: true })).toEqual(["kept", "kept/file"]);
});

test("many may sweep at once, and what cannot be swept hinders nobody", async () => {
  const root = await temporaryFolder();
  for (let index = 0; index < 20; index++) await leave(root, `${LEFT}${index}`, { folder: 25 });
  const noFolder = `${STAGING_PREFIX}file`;
  await writeFile(path.join(root, noFolder), "");
  await Promise.all([1, 2, 3, 4].map(() => sweep(root, now)));
  expect(await readdir(root)).toEqual([noFolder]);
});

test("publishing sweeps, by the clock of the volume, and what is built meanwhile survives it", async () => {
  const root = await temporaryFolder();
  await leave(root, LEFT, { folder: 0 });
  const dayOld = new Date(Date.now() - 25 * HOUR);
  for (const each of ["parts/weights.bin", "parts", ""]) await utimes(path.join(root, LEFT, each), dayOld, dayOld);
  await publish(root, async (folder) => {
    expect(await readdir(root)).toEqual(["sha256", path.basename(folder)]);
    await publish(root, buildModel);
    return buildModel(folder);
  });
  expect(await readdir(root)).toEqual(["sha256"]);
});
