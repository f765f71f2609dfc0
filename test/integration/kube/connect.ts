import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import type { ConfigMap } from "../../../src/kube/built-in.ts";
import { type Client, createClient } from "../../../src/kube/client.ts";
import type { ClusterConfig } from "../../../src/kube/config.ts";
import { kubeconfigFile } from "../../../src/kube/kubeconfig.ts";
import { createReflector, type Reflector } from "../../../src/kube/reflector.ts";
import { configMaps, namespaces } from "../../../src/kube/resource.ts";
import { retried } from "../../../src/kube/retry.ts";
import { createTransport, type Transport } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

export interface Connection {
  readonly config: ClusterConfig;
  readonly transport: Transport;
  readonly client: Client;
  /** A namespace of this test alone. */
  readonly namespace: string;
}

export async function connect(kubeconfig: string): Promise<Connection> {
  const config = await kubeconfigFile(kubeconfig);
  const transport = retried(createTransport(config), systemClock);
  onTestFinished(() => transport.close());
  const client = createClient(transport, "test");
  const namespace = `test-${randomUUID().slice(0, 8)}`;
  await client.create(namespaces, { metadata: { name: namespace } });
  return { config, transport, client, namespace };
}

/** A running reflector over the namespace's ConfigMaps, filled. */
export async function reflectConfigMaps(
  { config, namespace }: Connection,
  metrics = createMetrics(),
): Promise<Reflector<ConfigMap>> {
  const transport = retried(createTransport(config), systemClock);
  const reflector = createReflector({
    transport,
    resource: configMaps,
    selection: { namespace },
    clock: systemClock,
    random: Math.random,
    logger: silentLogger(),
    metrics,
  });
  onTestFinished(async () => {
    reflector.stop();
    await transport.close();
  });
  reflector.start();
  await reflector.until(() => reflector.hasSynced(), AbortSignal.timeout(10_000));
  return reflector;
}
