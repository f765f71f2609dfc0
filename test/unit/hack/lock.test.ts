import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { withLock } from "../../../hack/lib/lock.ts";
import { killHard, printed, startNode, temporaryFolder } from "./node-child.ts";

describe("withLock", () => {
  beforeEach(() => {
    vi.stubEnv("XDG_CACHE_HOME", temporaryFolder());
    return () => vi.unstubAllEnvs();
  });

  test("returns what the work returns and frees the lock when the work throws", async () => {
    await expect(withLock("a", async () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
    expect(await withLock("a", async () => 7)).toBe(7);
  });

  test("is free at once when its holder is killed", async () => {
    const holder = startNode(`
      const { withLock } = await import(lib + "/lock.ts");
      await withLock("a", () => { console.log("holding"); return new Promise((r) => setTimeout(r, 60_000)); });
    `);
    await printed(holder, "holding");
    let taken = false;
    const waiting = withLock("a", async () => {
      taken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(taken).toBe(false);
    await killHard(holder);
    await waiting;
  });

  test("lets one process after the other do its work", async () => {
    const file = join(temporaryFolder(), "order");
    const workers = Array.from({ length: 3 }, () =>
      startNode(`
        const { withLock } = await import(lib + "/lock.ts");
        const { appendFileSync } = await import("node:fs");
        await withLock("a", async () => {
          appendFileSync(${JSON.stringify(file)}, "begin ");
          await new Promise((r) => setTimeout(r, 50));
          appendFileSync(${JSON.stringify(file)}, "end ");
        });
      `),
    );
    await Promise.all(workers.map((worker) => once(worker, "exit")));
    expect(readFileSync(file, "utf8")).toBe("begin end ".repeat(3));
  });
});
