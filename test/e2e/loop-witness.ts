import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../../hack/cluster/cluster.ts";
import { kubectl } from "../../hack/cluster/kubectl.ts";
import { NAMES } from "../../hack/demo/objects.ts";
import { type Observer, observe } from "../../hack/demo/observer.ts";
import { say } from "../../hack/lib/progress.ts";
import type { HTTPRoute } from "../../src/kube/gateway-api.ts";
import { kubeconfigFile } from "../../src/kube/kubeconfig.ts";
import { httpRoutes } from "../../src/kube/resource.ts";
import { type History, recordHistory } from "../integration/operator/history.ts";
import { killManager } from "./operator-faults.ts";

/** Somebody who watches the demo's namespace from its first minute, and kills the operator twice. */
export interface LoopWitness {
  readonly namespace: string;
  readonly observer: Observer;
  readonly routes: History<HTTPRoute>;
  /** When the operator was killed. */
  readonly killed: readonly Moment[];
  stop(): Promise<void>;
}

type Moment = "Training" | "MidRamp";

const MID_RAMP_PERCENT = 10;

/** Resolves when the loop ended, however it did. */
export async function witnessLoop(cluster: Cluster, loop: Promise<unknown>): Promise<LoopWitness> {
  const over = new AbortController();
  const ended = loop.catch(() => undefined).then(() => over.abort());
  const before = await demoNamespaces(cluster);
  const namespace = await another(cluster, before, over.signal);
  const observer = await observe(cluster.kubeconfig, namespace);
  const routes = await recordHistory(await kubeconfigFile(cluster.kubeconfig), httpRoutes, namespace);
  const killed: Moment[] = [];
  const killer = async () => {
    await observer.jobs.until((jobs) => jobs.list().some(({ status }) => status?.phase === "Training"), over.signal);
    await kill("Training");
    const isMidRamp = (weight = 0) => weight >= MID_RAMP_PERCENT;
    await observer.canaries.until(
      (canaries) => isMidRamp(canaries.get({ namespace, name: NAMES.canary })?.status?.weights?.desired),
      over.signal,
    );
    await kill("MidRamp");
  };
  async function kill(moment: Moment): Promise<void> {
    await killManager(cluster);
    killed.push(moment);
    say(`  the manager's pod was deleted by force: ${moment}`);
  }
  // When the loop ends before a moment came, `killed` says so.
  const killing = killer().catch((error: unknown) => {
    if (!over.signal.aborted) throw error;
  });
  await ended;
  await killing;
  return {
    namespace,
    observer,
    routes,
    killed,
    async stop() {
      await observer.close();
      await routes.stop();
    },
  };
}

async function demoNamespaces(cluster: Cluster): Promise<string[]> {
  const names = "jsonpath={range .items[*]}{.metadata.name}{' '}{end}";
  const selected = ["get", "namespaces", "--selector=dpo.dev/demo=true", "--output", names];
  return (await kubectl(cluster, selected)).split(" ").filter((name) => name !== "");
}

/** The loop works in a namespace of its own, whose name nobody knows before. */
async function another(cluster: Cluster, before: readonly string[], over: AbortSignal): Promise<string> {
  for (;;) {
    const made = (await demoNamespaces(cluster)).find((name) => !before.includes(name));
    if (made !== undefined) return made;
    await sleep(500, undefined, { signal: over });
  }
}
