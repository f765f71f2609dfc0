import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { cacheDir, ensure } from "../../../hack/lib/cache.ts";
import { killHard, printed, startNode, temporaryFolder } from "./node-child.ts";

describe("ensure", () => {
  beforeEach(() => {
    vi.stubEnv("XDG_CACHE_HOME", temporaryFolder());
    return () => vi.unstubAllEnvs();
  });

  test("builds once, also for callers at the same time", async () => {
    const build = vi.fn(async (folder: string) => writeFileSync(join(folder, "program"), "x"));
    const folders = await Promise.all([ensure("tools/a-1", build), ensure("tools/a-1", build)]);
    expect(await ensure("tools/a-1", build)).toBe(join(cacheDir(), "tools/a-1"));
    expect(new Set(folders).size).toBe(1);
    expect(build).toHaveBeenCalledTimes(1);
  });

  test("starts anew after a build that was killed half-way", async () => {
    const half = startNode(`
      const { ensure } = await import(lib + "/cache.ts");
      const { writeFileSync } = await import("node:fs");
      await ensure("a", (folder) => {
        writeFileSync(folder + "/half", "");
        console.log("half-way");
        return new Promise((r) => setTimeout(r, 60_000));
      });
    `);
    await printed(half, "half-way");
    await killHard(half);
    const folder = await ensure("a", async (target) => writeFileSync(join(target, "whole"), ""));
    expect(readdirSync(folder)).toEqual(["whole"]);
    expect(readdirSync(cacheDir()).toSorted()).toEqual(["a", "locks"]);
  });

  test("keeps nothing of a build that failed", async () => {
    const broken = async (folder: string): Promise<void> => {
      writeFileSync(join(folder, "half"), "");
      throw new Error("broken");
    };
    await expect(ensure("a", broken)).rejects.toThrow("broken");
    const folder = await ensure("a", async (target) => writeFileSync(join(target, "whole"), ""));
    expect(readdirSync(folder)).toEqual(["whole"]);
  });
});
