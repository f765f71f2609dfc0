import type { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import { ANNOTATION } from "../../src/api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../src/api/v1alpha1/preference-canary.ts";
import type { PreferenceDataset } from "../../src/api/v1alpha1/preference-dataset.ts";
import { dpoJobs, preferenceCanaries, preferenceDatasets } from "../../src/controllers/resources.ts";
import { kubeconfigFile } from "../../src/kube/kubeconfig.ts";
import type { KubeObject } from "../../src/kube/object.ts";
import { createReflector, type Reflector } from "../../src/kube/reflector.ts";
import { httpRoutes, type Resource } from "../../src/kube/resource.ts";
import { retried } from "../../src/kube/retry.ts";
import { createTransport } from "../../src/kube/transport.ts";
import { systemClock as clock } from "../../src/runtime/clock.ts";
import { silentLogger } from "../../src/telemetry/logger.ts";
import { createMetrics } from "../../src/telemetry/metrics.ts";

/** What the demo sees of its namespace, by watching it. */
export interface Observer {
  readonly canaries: Reflector<PreferenceCanary>;
  readonly datasets: Reflector<PreferenceDataset>;
  readonly jobs: Reflector<DPOJob>;
  /** When the watch first showed the write that rejected this revision, in milliseconds since the epoch. */
  rejectedAt(revision: string): number | undefined;
  close(): Promise<void>;
}

/** For watching a namespace. A reflector is the caller's to start and to stop, the transport to close. */
export async function openWatches(kubeconfig: string, namespace: string) {
  const transport = retried(createTransport(await kubeconfigFile(kubeconfig)), clock);
  const metrics = createMetrics();
  const watch = <T extends KubeObject>(resource: Resource<T>) =>
    createReflector({
      transport,
      resource,
      selection: { namespace },
      clock,
      random: Math.random,
      logger: silentLogger(),
      metrics,
    });
  return { transport, watch };
}

export async function observe(kubeconfig: string, namespace: string): Promise<Observer> {
  const { transport, watch } = await openWatches(kubeconfig, namespace);
  const routes = watch(httpRoutes);
  const rejections = new Map<string, number>();
  routes.subscribe((event) => {
    const revision = event.object.metadata.annotations?.[ANNOTATION.rejected];
    if (revision !== undefined && !rejections.has(revision)) rejections.set(revision, Date.now());
  });
  const observer = { canaries: watch(preferenceCanaries), datasets: watch(preferenceDatasets), jobs: watch(dpoJobs) };
  const all = [routes, ...Object.values(observer)];
  for (const each of all) each.start();
  return {
    ...observer,
    rejectedAt: (revision) => rejections.get(revision),
    async close() {
      for (const each of all) each.stop();
      await transport.close();
    },
  };
}

/** Resolves with the first object of this name that meets the condition. Throws after `timeoutMs`, saying what it looked like. */
export async function waitFor<T extends KubeObject, R>(
  reflector: Reflector<T>,
  name: string,
  timeoutMs: number,
  condition: (object: T) => R | undefined,
): Promise<R> {
  let result: R | undefined;
  const met = () => {
    const object = reflector.store.list().find(({ metadata }) => metadata.name === name);
    result = object && condition(object);
    return result !== undefined;
  };
  await reflector.until(met, AbortSignal.timeout(timeoutMs)).catch(() => {
    const object = reflector.store.list().find(({ metadata }) => metadata.name === name);
    const { kind } = reflector.resource;
    throw new Error(
      `${kind} ${name} did not get there in ${timeoutMs / 1000} s: ${JSON.stringify(object ?? "there is none", null, 2)}`,
    );
  });
  return result as R;
}
