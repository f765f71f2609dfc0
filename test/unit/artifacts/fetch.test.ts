import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { fetchArtifact } from "../../../src/artifacts/fetch.ts";
import { publish } from "../../../src/artifacts/store.ts";
import { buildModel } from "./model-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function stored(weights?: string) {
  const { digest, folder } = await publish(await temporaryFolder(), (staging) => buildModel(staging, weights));
  return { digest, from: folder };
}

describe("fetchArtifact", () => {
  test("copies every file into a folder that is already there, as a mount point is", async () => {
    const source = await stored();
    const to = await temporaryFolder();
    expect(await fetchArtifact({ ...source, to })).toBe("Fetched");
    expect((await readdir(to)).toSorted()).toEqual(["config.json", "manifest.json", "parts"]);
    expect(await readFile(path.join(to, "parts/weights.bin"), "utf8")).toBe("weights");
  });

  test("touches nothing when all is there", async () => {
    const source = await stored();
    const to = path.join(await temporaryFolder(), "model");
    await fetchArtifact({ ...source, to });
    const before = await stat(path.join(to, "manifest.json"));
    expect(await fetchArtifact({ ...source, to })).toBe("AlreadyThere");
    expect((await stat(path.join(to, "manifest.json"))).ino).toBe(before.ino);
  });

  test("detects one flipped byte and shows nothing of the damaged copy", async () => {
    const source = await stored();
    await writeFile(path.join(source.from, "parts/weights.bin"), "weightz");
    const to = path.join(await temporaryFolder(), "model");
    await expect(fetchArtifact({ ...source, to })).rejects.toMatchObject({
      reason: "DigestMismatch",
      message: expect.stringContaining("parts/weights.bin has sha256"),
    });
    expect(await readdir(to)).toEqual([]);
  });

  test("mends a target that was damaged or left half done", async () => {
    const source = await stored();
    const to = await temporaryFolder();
    await fetchArtifact({ ...source, to });
    await writeFile(path.join(to, "config.json"), "damaged");
    expect(await fetchArtifact({ ...source, to })).toBe("Fetched");
    expect(await readFile(path.join(to, "config.json"), "utf8")).toBe("{}");
  });

  test("puts another artifact in the place of the first", async () => {
    const to = await temporaryFolder();
    await fetchArtifact({ ...(await stored()), to });
    await fetchArtifact({ ...(await stored("others")), to });
    expect(await readFile(path.join(to, "parts/weights.bin"), "utf8")).toBe("others");
  });

  test("says that the source is not there", async () => {
    const { digest } = await stored();
    const to = await temporaryFolder();
    await expect(fetchArtifact({ from: "/nowhere", digest, to })).rejects.toMatchObject({
      reason: "NotFound",
      message: expect.stringContaining("/nowhere/manifest.json cannot be read"),
    });
  });
});
