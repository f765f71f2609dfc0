import { existingCluster } from "../cluster/cluster.ts";
import { downCluster } from "../cluster/down.ts";
import { upCluster } from "../cluster/up.ts";
import { explain } from "../lib/explain.ts";
import { runLoop } from "./loop.ts";
import { type CommonOptions, parseOptions } from "./options.ts";
import { runPairs } from "./pairs.ts";

async function clusterOf({ kubeconfig }: CommonOptions) {
  return kubeconfig === undefined ? upCluster() : existingCluster(kubeconfig);
}

async function main(args: readonly string[]): Promise<boolean> {
  const command = parseOptions(args);
  switch (command.type) {
    case "Down":
      await downCluster();
      return true;
    case "Loop":
      return runLoop(() => clusterOf(command.options), command.options);
    case "Pairs":
      return runPairs(await clusterOf(command.options), command.options);
  }
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  console.error(explain(error));
  process.exitCode = 1;
}
