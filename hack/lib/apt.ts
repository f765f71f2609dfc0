import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { withLock } from "./lock.ts";
import { step } from "./progress.ts";
import { CommandError, run } from "./run.ts";

/** Makes Debian leave the services of new packages stopped: this project starts what it needs, and ends it. */
const policy = "/usr/sbin/policy-rc.d";
const policyText = "#!/bin/sh\n# Of dpo-operator, while it installs packages.\nexit 101\n";
const lists = "/var/lib/apt/lists";

/** Makes sure that these Debian packages are installed; says which command would do it where this process may not. */
export async function ensureDebianPackages(names: readonly string[]): Promise<void> {
  const lacking = await missing(names);
  if (lacking.length === 0) return;
  if (process.getuid?.() !== 0)
    throw new Error(`Debian packages are missing: run \`sudo apt-get install -y ${lacking.join(" ")}\` first.`);
  await withLock("apt", async () => {
    const wanted = await missing(names);
    if (wanted.length > 0) await install(wanted);
  });
}

async function missing(names: readonly string[]): Promise<string[]> {
  if (!existsSync("/usr/bin/dpkg-query"))
    throw new Error(`This needs ${names.join(", ")}, which are installed by themselves on Debian only: install them.`);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: these are placeholders of dpkg-query.
  const known = await run("dpkg-query", ["-W", "-f", "${Package} ${db:Status-Status}\n"]);
  const installed = new Set(known.split("\n"));
  return names.filter((name) => !installed.has(`${name} installed`));
}

async function install(names: readonly string[]): Promise<void> {
  const restore = holdServices();
  try {
    await step(`install Debian packages ${names.join(", ")}`, () => installHeld(names));
  } catch (error) {
    const command = `apt-get update && apt-get install -y ${names.join(" ")}`;
    throw new Error(`Debian packages could not be installed: run \`${command}\` and see why.`, { cause: error });
  } finally {
    restore();
  }
}

async function installHeld(names: readonly string[]): Promise<void> {
  // An earlier install may have been cut short.
  await run("dpkg", ["--configure", "-a"], { env: { DEBIAN_FRONTEND: "noninteractive" } });
  if (!hasLists()) await aptGet("update");
  try {
    await aptGet("install", "--no-install-recommends", ...names);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // Old package lists name versions that the mirror no longer has.
    await aptGet("update");
    await aptGet("install", "--no-install-recommends", ...names);
  }
}

function aptGet(...args: string[]): Promise<string> {
  return run("apt-get", ["-y", "-o", "DPkg::Lock::Timeout=300", ...args], {
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
}

function hasLists(): boolean {
  return existsSync(lists) && readdirSync(lists).some((file) => file.includes("_Packages"));
}

function holdServices(): () => void {
  // A file with our text is what an install that was killed has left.
  if (existsSync(policy) && readFileSync(policy, "utf8") !== policyText) return () => undefined;
  writeFileSync(policy, policyText, { mode: 0o755 });
  const restore = (): void => rmSync(policy, { force: true });
  process.once("exit", restore);
  return () => {
    process.off("exit", restore);
    restore();
  };
}
