import { nodeOf, thisClone } from "./clone.ts";
import { answers, runningDocker } from "./docker.ts";
import { gatewayAddress, hasKindCluster } from "./kind.ts";
import { kubectl } from "./kubectl.ts";

/** What there is of this clone's cluster, in words. */
export async function clusterStatus(): Promise<string> {
  const clone = thisClone();
  const daemon = await runningDocker();
  if (!(await answers(daemon))) return "No Docker daemon answers: no cluster.";
  if (!(await hasKindCluster(clone, daemon)))
    return `Cluster ${clone.cluster}: not up. \`npm run cluster -- up\` brings it up.`;
  return [
    `Cluster ${clone.cluster} in ${daemon.own ? "our own" : "your"} Docker daemon (container ${nodeOf(clone.cluster)})`,
    `  export KUBECONFIG=${clone.kubeconfig}`,
    ...Object.entries(daemon.env).map(([name, value]) => `  export ${name}=${value}`),
    `  Gateway: http://${await gatewayAddress(clone, daemon)}`,
    (await kubectl(clone, ["get", "pods", "--all-namespaces"])).trimEnd(),
  ].join("\n");
}
