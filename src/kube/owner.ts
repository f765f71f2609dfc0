import type { KubeObject, OwnerReference, Stored } from "./object.ts";

/** The reference by which `owner` controls a child in its namespace: the garbage collector deletes the child after it. */
export function controllerReference(owner: Stored): OwnerReference {
  return {
    apiVersion: owner.apiVersion,
    kind: owner.kind,
    name: owner.metadata.name,
    uid: owner.metadata.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((reference) => reference.controller);
}

/** By uid: an object of the same name that was deleted and made again is another owner. */
export function isControlledBy(object: KubeObject, owner: Stored): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}
