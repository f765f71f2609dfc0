import { parseArgs } from "node:util";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { readText } from "../bytes.ts";
import { parseCanary } from "../canary-file.ts";
import { parseKey } from "../canary-key.ts";
import type { Command } from "../command.ts";
import { Failure, UsageError } from "../failure.ts";
import type { Host } from "../host.ts";
import { explainReport } from "./report.ts";

const HELP = `Usage: dpo explain NAMESPACE/NAME | -n NAMESPACE NAME | -f FILE [NAME]

Why a canary's gates say what they say: the numbers, the error rates that are promised and what they are about, and how
much more evidence a verdict takes at the present estimate.

  -n, --namespace NAME   the context's own unless it is named
  -f, --filename FILE    read the canary with its status from a file, as of kubectl get -o yaml; "-" is stdin
  --kubeconfig FILE      $KUBECONFIG or ~/.kube/config unless it is named
  --context NAME         of the kubeconfig; the current one unless it is named

Example: dpo explain chat/assistant
         kubectl get preferencecanary -n chat assistant -o yaml | dpo explain -f -
`;

const OPTIONS = {
  namespace: { type: "string", short: "n" },
  filename: { type: "string", short: "f" },
  kubeconfig: { type: "string" },
  context: { type: "string" },
} as const;

export const command: Command = { summary: "why a canary's gates say what they say", help: HELP, run };

async function run(args: readonly string[], host: Host): Promise<void> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  const { filename, namespace, kubeconfig, context } = values;
  if (positionals.length > 1 || (filename === undefined && positionals.length === 0))
    throw new UsageError("explain takes one NAMESPACE/NAME, or -f FILE");
  const key = positionals[0] === undefined ? undefined : parseKey(positionals[0], namespace);
  const canary =
    key === undefined || filename !== undefined
      ? await fromFile(filename ?? "-", key?.name, host)
      : await fromCluster({ ...key, ...(kubeconfig && { kubeconfig }), ...(context && { context }) }, host);
  host.print(explainReport(canary));
}

async function fromFile(file: string, name: string | undefined, host: Host): Promise<PreferenceCanary> {
  const canary = parseCanary(file, await readText(file, host), name);
  if (canary.status !== undefined) return canary;
  throw new Failure(
    `${file}: PreferenceCanary ${canary.metadata.name} has no status: take it from kubectl get -o yaml`,
  );
}

/** The client is loaded only where a cluster is asked. */
async function fromCluster(options: Parameters<typeof import("../cluster.ts").readCanary>[0], host: Host) {
  const { readCanary } = await import("../cluster.ts");
  return readCanary(options, host);
}
