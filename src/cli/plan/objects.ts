import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import type { ControllerRevision, Deployment, Service } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import type { HTTPRoute } from "../../kube/gateway-api.ts";
import { type KubeObject, keyOf, keyString, type Stored } from "../../kube/object.ts";
import type { Store } from "../../kube/store.ts";

/** What stands in the simulated cluster. A value: a change makes another one, so that runs share what they have in common. */
export interface Objects {
  readonly deployments: readonly Stored<Deployment>[];
  readonly services: readonly Stored<Service>[];
  readonly records: readonly Stored<ControllerRevision>[];
  readonly routes: readonly Stored<HTTPRoute>[];
  readonly jobs: readonly Stored<DPOJob>[];
}

export const NO_OBJECTS: Objects = { deployments: [], services: [], records: [], routes: [], jobs: [] };

/** What the API server says of a write: its number, and when it was. */
export interface Write {
  readonly version: number;
  readonly now: Date;
}

/** As an apply is stored: with the identity and status of the one that stands; another spec is another generation. */
export function stored<T extends KubeObject>(
  all: readonly Stored<T>[],
  object: Applied<T>,
  { version, now }: Write,
): readonly Stored<T>[] {
  const known = all.find((other) => keyString(keyOf(other)) === keyString(keyOf(object)));
  const isNewSpec =
    known === undefined || JSON.stringify(Reflect.get(known, "spec")) !== JSON.stringify(Reflect.get(object, "spec"));
  const metadata = {
    creationTimestamp: known?.metadata.creationTimestamp ?? now.toISOString(),
    ...object.metadata,
    uid: known?.metadata.uid ?? `uid-${version}`,
    resourceVersion: String(version),
    generation: (known?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0),
  };
  const status = known && Reflect.get(known, "status");
  const next = { ...(status !== undefined && { status }), ...object, metadata };
  return [...all.filter((other) => other !== known), next as Stored<T>];
}

/** What the controller reads such objects from. */
export function storeOf<T extends KubeObject>(objects: readonly Stored<T>[]): Store<T> {
  const isIn = ({ metadata }: KubeObject, namespace?: string) =>
    namespace === undefined || metadata.namespace === namespace;
  return {
    get: (key) => objects.find((object) => keyString(keyOf(object)) === keyString(key)),
    list: (namespace) => objects.filter((object) => isIn(object, namespace)),
    ownedBy: (uid) => objects.filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owner.uid === uid)),
    labelled: (label, value, namespace) =>
      objects.filter((object) => object.metadata.labels?.[label] === value && isIn(object, namespace)),
    resourceVersion: undefined,
  };
}
