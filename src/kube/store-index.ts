import type { KubeObject } from "./object.ts";

/** Under what an object is found. */
export type Entries = (object: KubeObject) => readonly string[];

/** Objects by something that they have, several of them by the same. */
export interface StoreIndex<T extends KubeObject> {
  add(object: T): void;
  remove(object: T): void;
  find(entry: string): T[];
}

export const byNamespace: Entries = ({ metadata: { namespace } }) => (namespace === undefined ? [] : [namespace]);

export const byOwner: Entries = ({ metadata }) => (metadata.ownerReferences ?? []).map(({ uid }) => uid);

/** Together with their namespace. */
export function byLabel(label: string): Entries {
  return ({ metadata: { namespace, labels } }) => {
    const value = labels?.[label];
    return value === undefined ? [] : [labelEntry(value, namespace)];
  };
}

export function labelEntry(value: string, namespace: string | undefined): string {
  return `${namespace ?? ""}/${value}`;
}

export function createStoreIndex<T extends KubeObject>(entriesOf: Entries, objects: Iterable<T>): StoreIndex<T> {
  const found = new Map<string, Set<T>>();

  function add(object: T): void {
    for (const entry of entriesOf(object)) {
      const others = found.get(entry);
      if (others === undefined) found.set(entry, new Set([object]));
      else others.add(object);
    }
  }

  for (const object of objects) add(object);

  return {
    add,
    remove(object) {
      for (const entry of entriesOf(object)) {
        const others = found.get(entry);
        others?.delete(object);
        if (others?.size === 0) found.delete(entry);
      }
    },
    find: (entry) => [...(found.get(entry) ?? [])],
  };
}
