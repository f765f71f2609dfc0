import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { join } from "node:path";

/** What belongs to one clone of the repository: two clones on one machine share nothing that either can break. */
export interface Clone {
  readonly root: string;
  /** Also the name of the kind cluster. */
  readonly cluster: string;
  /** The docker network of that cluster. */
  readonly network: string;
  readonly runDir: string;
  readonly kubeconfig: string;
}

export function cloneAt(root: string): Clone {
  const cluster = `dpo-${createHash("sha256").update(root).digest("hex").slice(0, 6)}`;
  const runDir = join(root, ".run");
  return { root, cluster, network: cluster, runDir, kubeconfig: join(runDir, "kubeconfig") };
}

export function thisClone(): Clone {
  return cloneAt(realpathSync(join(import.meta.dirname, "../..")));
}

/** The only node of a cluster, as kind names its container. */
export function nodeOf(cluster: string): string {
  return `${cluster}-control-plane`;
}
