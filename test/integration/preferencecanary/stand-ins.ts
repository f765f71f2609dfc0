import { LABEL } from "../../../src/api/v1alpha1/metadata.ts";
import type { Deployment } from "../../../src/kube/built-in.ts";
import type { Client } from "../../../src/kube/client.ts";
import type { ClusterConfig } from "../../../src/kube/config.ts";
import type { HTTPRoute } from "../../../src/kube/gateway-api.ts";
import type { KubeObject, Stored } from "../../../src/kube/object.ts";
import { createReflector } from "../../../src/kube/reflector.ts";
import { deployments, httpRoutes, type Resource } from "../../../src/kube/resource.ts";
import { retried } from "../../../src/kube/retry.ts";
import { createTransport } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { type Probe, probe } from "../../../src/traffic/probe.ts";
import { served } from "../../builders/memory-cluster.ts";

/** The test in the part of kube-controller-manager and kubelet, and of a gateway: what is wanted is so at once, where there is room. */
export async function startStandIns(
  config: ClusterConfig,
  client: Client,
  namespace: string,
  hasRoom: (deployment: Stored<Deployment>) => boolean = () => true,
): Promise<() => Promise<void>> {
  const isReadied = (deployment: Stored<Deployment>) => isDue(deployment) && hasRoom(deployment);
  const stops = [
    follow(config, namespace, deployments, isReadied, (deployment) => makeReady(client, deployment)),
    follow(
      config,
      namespace,
      httpRoutes,
      ({ status }) => status?.parents === undefined,
      (route) => accept(client, route),
    ),
  ];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
  };
}

/** Nothing leads to the address of a Service here: what is sent to one is answered. Everything else is really sent. */
export const probeWithoutServices: Probe = async (target, signal) =>
  target.address === "127.0.0.1" ? probe(target, signal) : { status: 404, headers: {} };

/** Does what is to be done about every object of the kind, as a controller would. */
export function follow<T extends KubeObject>(
  config: ClusterConfig,
  namespace: string,
  resource: Resource<T>,
  isToDo: (object: Stored<T>) => boolean,
  act: (object: Stored<T>) => Promise<unknown>,
): () => Promise<void> {
  const transport = retried(createTransport(config), systemClock);
  const reflector = createReflector({
    transport,
    resource,
    selection: { namespace },
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
    metrics: createMetrics(),
  });
  const pending = new Set<Promise<unknown>>();
  reflector.subscribe(({ type, object }) => {
    if (type === "Deleted" || !isToDo(object)) return;
    const work = act(object).catch(() => undefined);
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

function accept(client: Client, { metadata, spec }: Stored<HTTPRoute>): Promise<unknown> {
  const { name, namespace, uid } = metadata;
  return client.applyStatus(httpRoutes, { metadata: { name, namespace, uid }, status: withTimes(served(spec)) });
}

/** The API server wants to know since when. */
function withTimes({ parents = [] }: NonNullable<HTTPRoute["status"]>): NonNullable<HTTPRoute["status"]> {
  const lastTransitionTime = new Date().toISOString();
  const dated = parents.map(({ conditions = [], ...parent }) => ({
    ...parent,
    conditions: conditions.map((condition) => ({ ...condition, lastTransitionTime })),
  }));
  return { parents: dated };
}
