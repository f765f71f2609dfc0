import { jobOutcome, lastWord, podsThatEnded } from "../../src/controllers/pod-parts.ts";
import type { Pod } from "../../src/kube/built-in.ts";
import { createClient } from "../../src/kube/client.ts";
import type { Stored } from "../../src/kube/object.ts";
import { jobs, pods } from "../../src/kube/resource.ts";
import { kubectl } from "../cluster/kubectl.ts";
import { openWatches, waitFor } from "./observer.ts";

type Kubeconfig = Parameters<typeof kubectl>[0];

const LOG_LINES = 20;

/**
 * What a Job's pod says at its end. A Job that fails is told at once, with how its last pod ended and the end of that
 * pod's log.
 */
export async function jobResult(
  cluster: Kubeconfig,
  namespace: string,
  name: string,
  timeoutMs: number,
): Promise<string> {
  const { transport, watch } = await openWatches(cluster.kubeconfig, namespace);
  const reflector = watch(jobs);
  reflector.start();
  try {
    const outcome = await waitFor(reflector, name, timeoutMs, jobOutcome);
    const own = { namespace, labels: { "job-name": name } };
    const { items } = await createClient(transport, "dpo-demo").list(pods, own);
    if (!outcome.succeeded) {
      const why = `Job ${name} failed (${outcome.reason}: ${outcome.message})`;
      throw new Error(`${why}. ${await describeLast(cluster, namespace, podsThatEnded(items, false))}`);
    }
    const said = lastWord(items, outcome);
    if (said === undefined) throw new Error(`Job ${name} ended well, but what its pod said is gone.`);
    return said;
  } finally {
    reflector.stop();
    await transport.close();
  }
}

async function describeLast(cluster: Kubeconfig, namespace: string, failed: readonly Stored<Pod>[]): Promise<string> {
  const created = ({ metadata }: Stored<Pod>) => Date.parse(metadata.creationTimestamp);
  const pod = failed.toSorted((a, b) => created(a) - created(b)).at(-1);
  if (pod === undefined) return "None of its pods is left.";
  const { name } = pod.metadata;
  const ends = (pod.status?.containerStatuses ?? []).flatMap(({ state }) => state?.terminated ?? []);
  const how = ends.map(({ reason = "Error", exitCode, message = "" }) => `${reason}, exit code ${exitCode} ${message}`);
  const log = await kubectl(cluster, ["logs", name, "--namespace", namespace, `--tail=${LOG_LINES}`]).catch(
    (error: unknown) => `(there is none: ${String(error)})`,
  );
  return `Its pod ${name} ended with ${how.join("; ")}\nThe end of its log:\n${log.trimEnd()}`;
}
