import {
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { run } from "../lib/run.ts";
import { goModuleSource } from "../tools/go.ts";
import { versions } from "../tools/versions.ts";
import { place } from "./made-image.ts";

/** The sources of the kind that is used, for the files in it that are not code. */
export function kindSource(): Promise<string> {
  return goModuleSource("kind", "sigs.k8s.io/kind");
}

export interface NodeFiles {
  /** Programs for /usr/bin. */
  readonly programs: readonly string[];
  readonly pauseImage: string;
  readonly storageManifest: string;
}

/** Writes a tar of what a node has besides Debian: kind's own files, edited for Debian's containerd, and Kubernetes. */
export async function makeNodeFiles(folder: string, files: NodeFiles): Promise<string> {
  const root = join(folder, "node-files");
  // Go's module cache is read-only.
  cpSync(join(await kindSource(), "images/base/files"), root, { recursive: true });
  await run("chmod", ["-R", "u=rwX,go=rX", root]);
  rmSync(join(root, "LICENSES"), { recursive: true });
  for (const programs of ["usr/local/bin", "kind/bin"].map((path) => join(root, path))) {
    for (const program of readdirSync(programs)) chmodSync(join(programs, program), 0o755);
  }
  configureContainerd(root, files.pauseImage);
  for (const program of files.programs) place(program, join(root, "usr/bin", program.split("/").at(-1) ?? ""));
  for (const path of ["etc/cni/net.d", "etc/kubernetes/manifests", "opt/cni", "kind/manifests"]) {
    mkdirSync(join(root, path), { recursive: true });
  }
  writeFileSync(join(root, "kind/version"), versions.kubernetes);
  writeFileSync(join(root, "kind/manifests/default-storage.yaml"), files.storageManifest);
  copyFileSync(join(import.meta.dirname, "node-bridge.conflist"), join(root, "etc/cni/net.d/10-bridge.conflist"));
  symlinkSync("/usr/lib/cni", join(root, "opt/cni/bin"));
  const tar = join(folder, "node-files.tar");
  await run("tar", [
    "--create",
    "--file",
    tar,
    "--owner=0",
    "--group=0",
    "--directory",
    root,
    "etc",
    "kind",
    "opt",
    "usr",
  ]);
  return tar;
}

/**
 * Three edits to kind's files: containers may not lower their oom_score_adj below the node's own where
 * CAP_SYS_RESOURCE is missing, the sandbox image is the one that kubeadm names, and Debian's containerd is in /usr/bin.
 */
function configureContainerd(root: string, pauseImage: string): void {
  edit(join(root, "etc/containerd/config.toml"), [
    ["restrict_oom_score_adj = false", "restrict_oom_score_adj = true"],
    [/sandbox_image = ".*"/, `sandbox_image = "${pauseImage}"`],
  ]);
  edit(join(root, "etc/systemd/system/containerd.service"), [["/usr/local/bin/containerd", "/usr/bin/containerd"]]);
}

function edit(file: string, replacements: readonly (readonly [string | RegExp, string])[]): void {
  let text = readFileSync(file, "utf8");
  for (const [pattern, replacement] of replacements) {
    const edited = text.replace(pattern, replacement);
    if (edited === text)
      throw new Error(`kind's ${file} has nothing that matches ${pattern}: adapt node-files.ts to this kind`);
    text = edited;
  }
  writeFileSync(file, text);
}
