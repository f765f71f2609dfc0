import type { KubeObject } from "../kube/object.ts";
import type { Reflector } from "../kube/reflector.ts";
import { resourceName } from "../kube/resource.ts";
import { compareResourceVersions } from "../kube/resource-version.ts";
import type { Store } from "../kube/store.ts";
import { reportingWrites, type Write } from "../kube/writes.ts";
import { type Clock, withDeadline } from "./clock.ts";

/** What a reconcile of a key wrote, so that the next one of that key does not decide on a cache from before it. */
export interface Consistency {
  /** Runs a reconcile of `key`, remembering its writes. */
  recording<T>(key: string, reconcile: () => Promise<T>): Promise<T>;
  /** Waits until the caches show the writes of `key`; false when they still do not after 10 s. */
  caughtUp(key: string): Promise<boolean>;
}

interface Expectation {
  readonly reflector: Reflector<KubeObject>;
  readonly met: (store: Store<KubeObject>) => boolean;
}

const LIMIT_MS = 10_000;

/**
 * KEP-5647 in small. Versions of one kind of object are comparable and bookmarks count, so "the cache has reached the
 * version written" is enough, whatever happened to the object since. What no reflector follows is not waited for.
 */
export function createConsistency(reflectors: readonly Reflector<KubeObject>[], clock: Clock): Consistency {
  const expected = new Map<string, Expectation[]>();

  function expectations(write: Write): Expectation[] {
    return reflectors
      .filter((reflector) => resourceName(reflector.resource) === resourceName(write.resource))
      .filter((reflector) => write.type === "Gone" || reflector.selects(write.object))
      .map((reflector) => ({ reflector, met: (store) => shows(store, write) }));
  }

  return {
    recording: (key, reconcile) =>
      reportingWrites((write) => expected.set(key, [...(expected.get(key) ?? []), ...expectations(write)]), reconcile),
    async caughtUp(key) {
      const pending = (expected.get(key) ?? []).filter(({ reflector, met }) => !met(reflector.store));
      expected.delete(key);
      if (pending.length === 0) return true;
      return withDeadline(clock, LIMIT_MS, (signal) =>
        Promise.all(pending.map(({ reflector, met }) => reflector.until(met, signal))),
      ).then(
        () => true,
        () => false,
      );
    },
  };
}

function shows(store: Store<KubeObject>, write: Write): boolean {
  if (write.type === "Gone") return store.get(write.key)?.metadata.uid !== write.uid;
  const reached = store.resourceVersion;
  return reached !== undefined && compareResourceVersions(reached, write.object.metadata.resourceVersion) >= 0;
}
