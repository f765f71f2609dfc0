import { LABEL } from "../../../src/api/v1alpha1/metadata.ts";
import type { Deployment } from "../../../src/kube/built-in.ts";
import type { Client } from "../../../src/kube/client.ts";
import type { ClusterConfig } from "../../../src/kube/config.ts";
import type { Stored } from "../../../src/kube/object.ts";
import { createReflector } from "../../../src/kube/reflector.ts";
import { deployments } from "../../../src/kube/resource.ts";
import { retried } from "../../../src/kube/retry.ts";
import { createTransport } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

/** The test in the part of kube-controller-manager and kubelet: every Deployment of a canary gets ready at once. */
export async function startDeploymentController(
  config: ClusterConfig,
  client: Client,
  namespace: string,
): Promise<() => Promise<void>> {
  const transport = retried(createTransport(config), systemClock);
  const reflector = createReflector({
    transport,
    resource: deployments,
    selection: { namespace },
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
    metrics: createMetrics(),
  });
  const pending = new Set<Promise<unknown>>();
  reflector.subscribe(({ type, object }) => {
    if (type === "Deleted" || !isDue(object)) return;
    const work = makeReady(client, object).catch(() => undefined);
    pending.add(work);
    void work.finally(() => pending.delete(work));
  });
  reflector.start();
  return async () => {
    reflector.stop();
    await Promise.all(pending);
    await transport.close();
  };
}

function isDue({ metadata, status, spec }: Stored<Deployment>): boolean {
  const isSeen = status?.observedGeneration === metadata.generation && status?.availableReplicas === spec?.replicas;
  return metadata.labels?.[LABEL.canary] !== undefined && !isSeen;
}

function makeReady(client: Client, { metadata, spec }: Stored<Deployment>): Promise<unknown> {
  const { name, namespace, uid, generation = 1 } = metadata;
  const replicas = spec?.replicas ?? 1;
  const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
  return client.applyStatus(deployments, {
    metadata: { name, namespace, uid },
    status: { observedGeneration: generation, ...counts },
  });
}
