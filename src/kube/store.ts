import { type KubeObject, keyOf, keyString, type ObjectKey, type Stored } from "./object.ts";
import { compareResourceVersions } from "./resource-version.ts";
import { frozen } from "./shared-values.ts";
import {
  byLabel,
  byNamespace,
  byOwner,
  createStoreIndex,
  type Entries,
  labelEntry,
  type StoreIndex,
} from "./store-index.ts";

/** What happened to the store, in the order in which handlers learn of it. */
export type StoreEvent<T extends KubeObject> =
  | { readonly type: "Added"; readonly object: Stored<T> }
  | { readonly type: "Updated"; readonly object: Stored<T>; readonly old: Stored<T> }
  /** `object` is the last state known; final only if the deletion was seen, not inferred from a later list. */
  | { readonly type: "Deleted"; readonly object: Stored<T>; readonly finalStateUnknown: boolean };

/** Read access to a cache. Objects are frozen: they are shared by everyone who reads them. */
export interface Store<T extends KubeObject> {
  get(key: ObjectKey): Stored<T> | undefined;
  /** All of them, or those of a namespace. */
  list(namespace?: string): Stored<T>[];
  /** Those with an owner reference to this uid. */
  ownedBy(uid: string): Stored<T>[];
  /** Those with this label in the namespace; undefined: those that have none. */
  labelled(label: string, value: string, namespace: string | undefined): Stored<T>[];
  /** The newest version of the collection that the store is known to hold; undefined before the first list. */
  readonly resourceVersion: string | undefined;
}

/** The writing side; each change returns what happened, after the store holds it. */
export interface WritableStore<T extends KubeObject> extends Store<T> {
  /** A watch said that `object` stands so. Older than what is known of the same uid: ignored. */
  put(object: Stored<T>): StoreEvent<T>[];
  /** A watch said that `object` is gone. */
  remove(object: Stored<T>): StoreEvent<T>[];
  /** A consistent list: what it leaves out is gone. */
  replace(objects: readonly Stored<T>[], resourceVersion: string): StoreEvent<T>[];
  /** The watch has reached this version. */
  advance(resourceVersion: string): void;
}

export function createStore<T extends KubeObject>(): WritableStore<T> {
  const objects = new Map<string, Stored<T>>();
  /** Each is made when it is first asked: nobody looks for most of what objects have. */
  const indexes = new Map<string, StoreIndex<Stored<T>>>();
  let version: string | undefined;

  function set(key: string, object: Stored<T>): void {
    drop(key);
    objects.set(key, object);
    for (const index of indexes.values()) index.add(object);
  }

  function drop(key: string): void {
    const object = objects.get(key);
    if (object === undefined) return;
    objects.delete(key);
    for (const index of indexes.values()) index.remove(object);
  }

  function index(name: string, entries: Entries): StoreIndex<Stored<T>> {
    const known = indexes.get(name);
    if (known !== undefined) return known;
    const made = createStoreIndex(entries, objects.values());
    indexes.set(name, made);
    return made;
  }

  function put(object: Stored<T>): StoreEvent<T>[] {
    const key = keyString(keyOf(object));
    const old = objects.get(key);
    const order = old === undefined ? 1 : compareVersions(object, old);
    if (old !== undefined && order < 0) return [];
    if (old !== undefined && object.metadata.resourceVersion === old.metadata.resourceVersion) return [];
    set(key, frozen(object));
    if (old === undefined) return [{ type: "Added", object }];
    if (old.metadata.uid === object.metadata.uid) return [{ type: "Updated", object, old }];
    return [
      { type: "Deleted", object: old, finalStateUnknown: true },
      { type: "Added", object },
    ];
  }

  function advance(resourceVersion: string): void {
    if (version === undefined || compareResourceVersions(resourceVersion, version) >= 0) version = resourceVersion;
  }

  return {
    get: (key) => objects.get(keyString(key)),
    list: (namespace) =>
      namespace === undefined ? [...objects.values()] : index("namespace", byNamespace).find(namespace),
    ownedBy: (uid) => index("owner", byOwner).find(uid),
    labelled: (label, value, namespace) => index(`label ${label}`, byLabel(label)).find(labelEntry(value, namespace)),
    get resourceVersion() {
      return version;
    },
    put(object) {
      advance(object.metadata.resourceVersion);
      return put(object);
    },
    remove(object) {
      advance(object.metadata.resourceVersion);
      const key = keyString(keyOf(object));
      const old = objects.get(key);
      if (old === undefined || compareVersions(object, old) < 0) return [];
      drop(key);
      const last = old.metadata.uid === object.metadata.uid ? frozen(object) : old;
      return [{ type: "Deleted", object: last, finalStateUnknown: last === old }];
    },
    replace(listed, resourceVersion) {
      version = resourceVersion;
      const kept = new Set(listed.map((object) => keyString(keyOf(object))));
      const gone = [...objects].filter(([key]) => !kept.has(key));
      for (const [key] of gone) drop(key);
      return [
        ...gone.map(([, object]) => ({ type: "Deleted" as const, object, finalStateUnknown: true })),
        ...listed.flatMap(put),
      ];
    },
    advance,
  };
}

/** Negative when `object` is an older state than `known`. A uid is never used again, so versions order those too. */
function compareVersions(object: Stored, known: Stored): number {
  return compareResourceVersions(object.metadata.resourceVersion, known.metadata.resourceVersion);
}
