import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { ensureDependencies } from "../../../hack/lib/dependencies.ts";
import { temporaryFolder } from "./node-child.ts";

const lockfile = {
  packages: {
    "": { version: "0.1.0" },
    "node_modules/zod": { version: "4.6.7", integrity: "sha512-a" },
    "node_modules/@esbuild/other-platform": { version: "1.0.0", optional: true },
  },
};

describe("ensureDependencies", () => {
  let root: string;
  beforeEach(() => {
    root = temporaryFolder();
    // Steps of the code under test are none of the test run's.
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    vi.stubEnv("XDG_CACHE_HOME", temporaryFolder());
    vi.stubEnv("PATH", `${fakeNpm()}:${process.env.PATH}`);
    writeFileSync(join(root, "package-lock.json"), JSON.stringify(lockfile));
    return () => {
      vi.unstubAllEnvs();
      vi.restoreAllMocks();
    };
  });

  /** An npm that only notes that it was called. */
  function fakeNpm(): string {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "npm"), `#!/bin/sh\necho "$@" > "${root}/npm-called"\n`);
    chmodSync(join(folder, "npm"), 0o755);
    return folder;
  }

  function writeInstalled(version: string): void {
    mkdirSync(join(root, "node_modules"), { recursive: true });
    const packages = { "node_modules/zod": { version, integrity: "sha512-a" } };
    writeFileSync(join(root, "node_modules", ".package-lock.json"), JSON.stringify({ packages }));
  }

  async function installs(): Promise<boolean> {
    rmSync(join(root, "npm-called"), { force: true });
    await ensureDependencies(root);
    return existsSync(join(root, "npm-called"));
  }

  test("installs into a bare clone", async () => {
    expect(await installs()).toBe(true);
  });

  test("does nothing when node_modules holds what the lockfile names", async () => {
    writeInstalled("4.6.7");
    expect(await installs()).toBe(false);
  });

  test("installs again when the lockfile names another version", async () => {
    writeInstalled("4.6.6");
    expect(await installs()).toBe(true);
  });

  test("installs again after an install that did not reach its end", async () => {
    mkdirSync(join(root, "node_modules", "zod"), { recursive: true });
    expect(await installs()).toBe(true);
  });

  test("says when the clone has no lockfile", async () => {
    rmSync(join(root, "package-lock.json"));
    await expect(ensureDependencies(root)).rejects.toThrow("has no package-lock.json");
  });
});
