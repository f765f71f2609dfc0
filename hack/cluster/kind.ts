import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { step } from "../lib/progress.ts";
import { run } from "../lib/run.ts";
import { ensureBinaries } from "../tools/binaries.ts";
import { type Clone, nodeOf } from "./clone.ts";
import { type Docker, docker, removeNetwork } from "./docker.ts";
import { GATEWAY, POD_SUBNET, SERVICE_SUBNET } from "./settings.ts";
import { succeeds } from "./succeeds.ts";

/** What `docker` and `kind` must find in their environment for this clone's cluster. */
function kindEnv(clone: Clone, daemon: Docker): Record<string, string> {
  return { ...daemon.env, KIND_EXPERIMENTAL_DOCKER_NETWORK: clone.network };
}

export function hasKindCluster(clone: Clone, daemon: Docker): Promise<boolean> {
  return succeeds("docker", ["inspect", nodeOf(clone.cluster)], { env: daemon.env });
}

/** Creates the clone's cluster, in place of what an interrupted creation left. */
export async function createKindCluster(clone: Clone, daemon: Docker, madeImage: string | undefined): Promise<void> {
  await deleteKindCluster(clone, daemon);
  const { kind } = await ensureBinaries(["kind"]);
  const image = madeImage === undefined ? [] : ["--image", madeImage];
  mkdirSync(clone.runDir, { recursive: true });
  const args = [
    "create",
    "cluster",
    "--name",
    clone.cluster,
    "--kubeconfig",
    clone.kubeconfig,
    "--wait",
    "3m",
    ...image,
  ];
  // A kind whose parent was killed goes on, fails now that its node is deleted, and deletes any node of that name: wait.
  const alone = [join(clone.runDir, "kind.lock"), kind, ...args, "--config", "-"];
  const options = { env: kindEnv(clone, daemon), input: kindConfig(madeImage !== undefined) };
  await step(`kind cluster ${clone.cluster} created`, () => run("flock", alone, options));
  // Our daemon may be started again for another clone: this cluster is then not to come back unasked.
  if (daemon.own) await docker(daemon, "update", "--restart", "no", nodeOf(clone.cluster));
  writeFileSync(createdFile(clone), await containerId(clone, daemon));
}

export async function deleteKindCluster(clone: Clone, daemon: Docker): Promise<void> {
  if (await hasKindCluster(clone, daemon)) {
    const { kind } = await ensureBinaries(["kind"]);
    const args = ["delete", "cluster", "--name", clone.cluster, "--kubeconfig", clone.kubeconfig];
    await run(kind, args, { env: kindEnv(clone, daemon) });
  }
  rmSync(createdFile(clone), { force: true });
  await removeNetwork(daemon, clone.network);
}

/** The address on this machine's loopback interface behind which the node's port for the Gateway is. */
export async function gatewayAddress(clone: Clone, daemon: Docker): Promise<string> {
  return (await docker(daemon, "port", nodeOf(clone.cluster), `${GATEWAY.port}/tcp`)).trim();
}

/** True if a cluster works whose creation came to its end: one that was killed leaves a node that looks alive. */
export async function isComplete(clone: Clone, daemon: Docker): Promise<boolean> {
  if (!existsSync(createdFile(clone)) || !existsSync(clone.kubeconfig)) return false;
  if (!(await hasKindCluster(clone, daemon))) return false;
  if ((await containerId(clone, daemon)) !== readFileSync(createdFile(clone), "utf8")) return false;
  const { kubectl } = await ensureBinaries(["kubectl"]);
  return succeeds(kubectl, ["--kubeconfig", clone.kubeconfig, "get", "--raw", "/readyz", "--request-timeout=5s"]);
}

async function containerId(clone: Clone, daemon: Docker): Promise<string> {
  return (await docker(daemon, "inspect", "--format", "{{.Id}}", nodeOf(clone.cluster))).trim();
}

function createdFile(clone: Clone): string {
  return join(clone.runDir, "cluster-created");
}

/** hostPort 0: kind takes a free one. A kubelet of this version refuses cgroup v1 unless told otherwise. */
export function kindConfig(made: boolean): string {
  const network = made ? "disableDefaultCNI: true, kubeProxyMode: nftables, " : "";
  return `kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
networking: {${network}podSubnet: ${POD_SUBNET}, serviceSubnet: ${SERVICE_SUBNET}}
nodes:
- role: control-plane
  extraPortMappings: [{containerPort: ${GATEWAY.port}, hostPort: 0, listenAddress: 127.0.0.1}]
kubeadmConfigPatches:
- |
  kind: KubeletConfiguration
  failCgroupV1: false
`;
}
