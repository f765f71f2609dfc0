import { spawnSync } from "node:child_process";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../../src/artifacts/digest.ts";
import { publish } from "../../../src/artifacts/store.ts";
import { verify } from "../../../src/artifacts/verify.ts";
import { buildModel } from "./model-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

describe("publish", () => {
  test("names the folder by the digest of its manifest's bytes and leaves nothing else", async () => {
    const root = await temporaryFolder();
    const { digest, folder, manifest } = await publish(root, buildModel);
    expect(folder).toBe(path.join(root, "sha256", digest.slice("sha256:".length)));
    expect(digestOf(await readFile(path.join(folder, "manifest.json")))).toBe(digest);
    expect(await verify(folder, digest)).toEqual(manifest);
    expect(await readdir(root)).toEqual(["sha256"]);
  });

  test("lets pods of other users read it", async () => {
    const { folder } = await publish(await temporaryFolder(), buildModel);
    expect((await stat(folder)).mode & 0o777).toBe(0o755);
  });

  test("finds the same content already there", async () => {
    const root = await temporaryFolder();
    const first = await publish(root, buildModel);
    expect(await publish(root, buildModel)).toEqual(first);
    expect(await readdir(path.join(root, "sha256"))).toHaveLength(1);
    expect(await readdir(root)).toEqual(["sha256"]);
  });

  test("leaves nothing when building fails", async () => {
    const root = await temporaryFolder();
    const failing = publish(root, async (folder) => {
      await buildModel(folder);
      throw new Error("out of memory");
    });
    await expect(failing).rejects.toThrow("out of memory");
    expect(await readdir(path.join(root, "sha256"))).toEqual([]);
    expect(await readdir(root)).toEqual(["sha256"]);
  });

  test("killed between the files and the rename shows nothing under sha256", { timeout: 30_000 }, async () => {
    const root = await temporaryFolder();
    const script = fileURLToPath(new URL("killed-build.ts", import.meta.url));
    const { signal } = spawnSync(process.execPath, [script, root]);
    expect(signal).toBe("SIGKILL");
    expect(await readdir(path.join(root, "sha256"))).toEqual([]);
    const again = await publish(root, buildModel);
    expect(await verify(again.folder, again.digest)).toEqual(again.manifest);
  });

  test("refuses a manifest that its files do not bear out", async () => {
    const root = await temporaryFolder();
    const lying = publish(root, async (folder) => {
      const manifest = await buildModel(folder);
      await writeFile(path.join(folder, "config.json"), "[]");
      return manifest;
    });
    await expect(lying).rejects.toMatchObject({ reason: "DigestMismatch" });
    expect(await readdir(path.join(root, "sha256"))).toEqual([]);
  });
});

describe("verify", () => {
  test.each([
    [
      "a flipped byte",
      "DigestMismatch",
      (folder: string) => writeFile(path.join(folder, "parts/weights.bin"), "weightz"),
    ],
    ["a missing file", "NotFound", (folder: string) => rm(path.join(folder, "config.json"))],
    ["another manifest", "DigestMismatch", (folder: string) => writeFile(path.join(folder, "manifest.json"), "{}")],
    ["no manifest", "NotFound", (folder: string) => rm(path.join(folder, "manifest.json"))],
  ])("tells of %s", async (_, reason, damage) => {
    const { digest, folder } = await publish(await temporaryFolder(), buildModel);
    await damage(folder);
    await expect(verify(folder, digest)).rejects.toMatchObject({ reason });
  });

  test.each(["../secret", "/etc/passwd", "a/../../b", "./a"])("refuses a manifest that names %s", async (name) => {
    const folder = await temporaryFolder();
    const manifest = JSON.stringify({
      kind: "Model",
      format: "byte-transformer/v1",
      files: [{ path: name, sha256: "0".repeat(64), size: 0 }],
      lineage: { base: null, dataset: null, job: null, settings: {}, trainer: "1" },
      metadata: {},
    });
    await writeFile(path.join(folder, "manifest.json"), manifest);
    await expect(verify(folder, digestOf(manifest))).rejects.toMatchObject({ reason: "InvalidManifest" });
  });
});
