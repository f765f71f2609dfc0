import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ensureDebianPackages } from "../lib/apt.ts";
import { run } from "../lib/run.ts";

const RELEASE = "bookworm";
const UNREAD = ["doc", "man", "locale", "info"].map((name) => `/usr/share/${name}/*`);

export interface Rootfs {
  readonly packages: readonly string[];
  /** Shell commands of mmdebstrap's customize stage; $1 is the root. */
  readonly hooks: readonly string[];
}

/** Makes a tar file of a small Debian, from the mirror and with the apt settings that this machine uses. */
export async function makeRootfs(target: string, rootfs: Rootfs): Promise<void> {
  await ensureDebianPackages(["mmdebstrap"]);
  const folder = dirname(target);
  const aptOptions = join(folder, "apt.conf");
  writeFileSync(aptOptions, hostAptOptions(await run("apt-config", ["dump"])));
  await run(
    "unshare",
    [
      // What it mounts in the root (/dev, /proc) ends with it, however it ends: nobody's clean-up may ever meet it.
      "--mount",
      "mmdebstrap",
      "--quiet",
      "--variant=minbase",
      `--aptopt=${aptOptions}`,
      ...UNREAD.map((path) => `--dpkgopt=path-exclude=${path}`),
      `--include=${rootfs.packages.join(",")}`,
      ...rootfs.hooks.map((hook) => `--customize-hook=${hook}`),
      RELEASE,
      target,
      ...hostSources(),
    ],
    { env: { TMPDIR: folder } },
  );
}

/** Proxies and leniencies that this machine needs to reach its mirror, and that RUN apt-get in an image then needs too. */
export function hostAptOptions(dump: string): string {
  return dump
    .split("\n")
    .filter((line) => /^Acquire::(https?::|Check-|Retries)/.test(line))
    .map((line) => `${line}\n`)
    .join("");
}

/** This machine's own mirror, if it serves the release that the images are of; mmdebstrap's default otherwise. */
function hostSources(): string[] {
  return ["/etc/apt/sources.list.d/debian.sources", "/etc/apt/sources.list"]
    .filter((file) => existsSync(file) && readFileSync(file, "utf8").includes(` ${RELEASE}`))
    .slice(0, 1);
}
