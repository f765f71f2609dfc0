import { run } from "../lib/run.ts";
import { ensureBinaries } from "../tools/binaries.ts";

/** Runs kubectl on a cluster and returns what it prints. `input` is what `-f -` reads. */
export async function kubectl(
  cluster: { readonly kubeconfig: string },
  args: readonly string[],
  options: { readonly input?: string } = {},
): Promise<string> {
  const { kubectl } = await ensureBinaries(["kubectl"]);
  return run(kubectl, ["--kubeconfig", cluster.kubeconfig, ...args], options);
}
