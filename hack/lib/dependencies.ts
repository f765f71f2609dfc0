import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.ts";
import { step } from "./progress.ts";
import { run } from "./run.ts";

interface Package {
  readonly version?: string;
  readonly integrity?: string;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

type Packages = Readonly<Record<string, Package>>;

/** Installs what package-lock.json names, unless node_modules holds just that. */
export async function ensureDependencies(root: string): Promise<void> {
  if (isInstalled(root)) return;
  const clone = createHash("sha256").update(root).digest("hex").slice(0, 12);
  await withLock(`npm-${clone}`, async () => {
    if (!isInstalled(root)) await step("install the npm packages of package-lock.json", () => install(root));
  });
}

async function install(root: string): Promise<void> {
  try {
    // Install scripts are off: they run code of every package, and some download from outside the registry.
    const npm = ["npm", "ci", "--ignore-scripts", "--include=dev", "--no-audit", "--no-fund"];
    // The kernel ends npm with this process: it must not write on when the lock is free again.
    await run("setpriv", ["--pdeathsig", "KILL", "--", ...npm], { cwd: root });
  } catch (error) {
    throw new Error("npm packages could not be installed: run `npm ci --ignore-scripts` and see why.", {
      cause: error,
    });
  }
}

/**
 * npm lists what it has installed in node_modules/.package-lock.json, as the last thing it does,
 * and `npm ci` starts by deleting node_modules: an interrupted install has no list.
 */
function isInstalled(root: string): boolean {
  const wanted = packages(join(root, "package-lock.json"));
  const installed = packages(join(root, "node_modules", ".package-lock.json"));
  if (wanted === undefined) throw new Error(`${root} has no package-lock.json: is the clone complete?`);
  if (installed === undefined) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    const found = installed[path];
    // Optional packages of other platforms are never installed; the first path is the repository's own.
    if (found === undefined) return path === "" || entry.optional === true || entry.devOptional === true;
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function packages(lockfile: string): Packages | undefined {
  try {
    return (JSON.parse(readFileSync(lockfile, "utf8")) as { packages: Packages }).packages;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
