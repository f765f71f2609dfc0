import type { ClusterConfig } from "../../../src/kube/config.ts";
import type { KubeObject, Stored } from "../../../src/kube/object.ts";
import { createReflector } from "../../../src/kube/reflector.ts";
import type { Resource } from "../../../src/kube/resource.ts";
import { retried } from "../../../src/kube/retry.ts";
import { createTransport } from "../../../src/kube/transport.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLogger } from "../../../src/telemetry/logger.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

/** Every version of a kind in a namespace, as a watch saw it. */
export interface History<T extends KubeObject> {
  /** Oldest first; deletions are left out. */
  readonly versions: readonly Stored<T>[];
  /** Each that was deleted, as it was last, with the version of its deletion. */
  readonly gone: readonly Stored<T>[];
  /** Names of the objects that were created, in order; one made again stands there twice. */
  readonly created: readonly string[];
  /** Those that are there. */
  current(): Stored<T>[];
  /** The first version of this object, stored since the history began, of which `condition` holds; waits 20 s for it. */
  until(name: string, condition: (object: Stored<T>) => boolean): Promise<Stored<T>>;
  stop(): Promise<void>;
}

const LIMIT_MS = 20_000;

export async function recordHistory<T extends KubeObject>(
  config: ClusterConfig,
  resource: Resource<T>,
  namespace: string,
): Promise<History<T>> {
  const transport = retried(createTransport(config), systemClock);
  const logger = silentLogger();
  const reflector = createReflector({
    transport,
    resource,
    selection: { namespace },
    clock: systemClock,
    random: Math.random,
    logger,
    metrics: createMetrics(),
  });
  const versions: Stored<T>[] = [];
  const gone: Stored<T>[] = [];
  const created: string[] = [];
  reflector.subscribe(({ type, object }) => {
    if (type === "Added") created.push(object.metadata.name);
    (type === "Deleted" ? gone : versions).push(object);
  });
  reflector.start();
  await reflector.until(() => reflector.hasSynced(), AbortSignal.timeout(LIMIT_MS));

  return {
    versions,
    gone,
    created,
    current: () => reflector.store.list(namespace),
    async until(name, condition) {
      const find = () => versions.find((object) => object.metadata.name === name && condition(object));
      await reflector
        .until(() => find() !== undefined, AbortSignal.timeout(LIMIT_MS))
        .catch(() => {
          const last = JSON.stringify(reflector.store.get({ namespace, name }) ?? "absent", undefined, 1);
          throw new Error(`${resource.kind} ${name} never was ${condition} in ${LIMIT_MS / 1000} s; now it is ${last}`);
        });
      const found = find();
      if (found === undefined) throw new Error("unreachable: until() has just seen it");
      return found;
    },
    async stop() {
      reflector.stop();
      await transport.close();
    },
  };
}
