import type { Stored, StoredMeta } from "../../../src/kube/object.ts";

type Overrides = Partial<StoredMeta> & { readonly version?: number };

/** A ConfigMap `ns/<name>` as the API server would send it. */
export function object(name: string, { version = 1, ...metadata }: Overrides = {}): Stored {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      namespace: "ns",
      uid: `uid-of-${name}`,
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...metadata,
      name,
      resourceVersion: String(version),
    } as Stored["metadata"],
  };
}
