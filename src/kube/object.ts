/**
 * Objects as they stand in the API server's JSON. Generated models of client libraries turn timestamps into Dates and drop
 * fields they do not know; we read and write raw JSON, so these types describe raw JSON.
 */
export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean | undefined;
  readonly blockOwnerDeletion?: boolean | undefined;
}

/** Metadata that we may write; what the server fills in is in StoredMeta. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
  readonly finalizers?: readonly string[] | undefined;
  readonly ownerReferences?: readonly OwnerReference[] | undefined;
  /** In an apply: the object must be this one; never creates. */
  readonly uid?: string | undefined;
  /** In an apply or a replace: the object must not have changed since. */
  readonly resourceVersion?: string | undefined;
  readonly generation?: number | undefined;
  /** RFC 3339. */
  readonly creationTimestamp?: string | undefined;
  readonly deletionTimestamp?: string | undefined;
}

export interface StoredMeta extends ObjectMeta {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
  /** In a cache only of kinds with `keepsManagedFields`, and of `fieldsV1` the first level only. */
  readonly managedFields?: readonly ManagedFields[] | undefined;
}

/** Who has written which fields last, as the API server keeps it. */
export interface ManagedFields {
  readonly manager?: string | undefined;
  /** RFC 3339. */
  readonly time?: string | undefined;
  /** "status", of one who writes that. */
  readonly subresource?: string | undefined;
  /** Keyed "f:<member>". */
  readonly fieldsV1?: Readonly<Record<string, unknown>> | undefined;
}

export interface KubeObject {
  readonly apiVersion?: string | undefined;
  readonly kind?: string | undefined;
  readonly metadata: ObjectMeta;
}

/** An object that came from the API server. */
export type Stored<T extends KubeObject = KubeObject> = T & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: StoredMeta;
};

/** Namespace and name; cluster-scoped objects have no namespace. */
export interface ObjectKey {
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** `namespace/name`, or `name` of a cluster-scoped object: what work queues and stores are keyed by. */
export function keyString({ namespace, name }: ObjectKey): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export function parseKey(key: string): ObjectKey {
  const slash = key.indexOf("/");
  return slash < 0 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

export function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata.namespace, name: object.metadata.name };
}
