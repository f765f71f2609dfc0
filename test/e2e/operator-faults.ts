import type { Cluster } from "../../hack/cluster/cluster.ts";
import { kubectl } from "../../hack/cluster/kubectl.ts";

/** What can happen to the operator's own pods. */

const OPERATOR = ["--namespace", "dpo-system"];
const AT_ONCE = ["--force", "--grace-period=0"];

/** The manager's pod is gone from one moment to the next, as with its node. Its Deployment makes another. */
export async function killManager(cluster: Cluster): Promise<void> {
  await kubectl(cluster, ["delete", "pod", ...OPERATOR, "--selector=app.kubernetes.io/name=dpo-manager", ...AT_ONCE]);
}

export async function managerReady(cluster: Cluster): Promise<void> {
  await kubectl(cluster, ["rollout", "status", ...OPERATOR, "deployment/dpo-manager", "--timeout=180s"]);
}

/** Nobody answers at the collector from when this resolves. */
export async function stopCollector(cluster: Cluster): Promise<void> {
  await kubectl(cluster, ["scale", ...OPERATOR, "statefulset/dpo-collector", "--replicas=0"]);
  await kubectl(cluster, ["delete", "pod", ...OPERATOR, "dpo-collector-0", "--ignore-not-found", ...AT_ONCE]);
}

export async function startCollector(cluster: Cluster): Promise<void> {
  await kubectl(cluster, ["scale", ...OPERATOR, "statefulset/dpo-collector", "--replicas=1"]);
  await kubectl(cluster, ["rollout", "status", ...OPERATOR, "statefulset/dpo-collector", "--timeout=180s"]);
}
