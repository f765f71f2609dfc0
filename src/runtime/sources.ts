import type { KubeObject, ObjectKey, Stored } from "../kube/object.ts";
import { keyOf } from "../kube/object.ts";
import { controllerOf } from "../kube/owner.ts";
import type { Reflector } from "../kube/reflector.ts";
import type { StoreEvent } from "../kube/store.ts";
import type { Source } from "./controller.ts";

/** Wakes the keys that an object names, before and after the change. */
export function mapped<T extends KubeObject>(
  reflector: Reflector<T>,
  keysOf: (object: Stored<T>) => readonly ObjectKey[],
): Source {
  return source(reflector, (event) => [
    ...(event.type === "Updated" ? keysOf(event.old) : []),
    ...keysOf(event.object),
  ]);
}

/** Wakes the object's own key. */
export function itself<T extends KubeObject>(reflector: Reflector<T>): Source {
  return source(reflector, ({ object }) => [keyOf(object)]);
}

/** Wakes the controlling owner of that kind. */
export function owner<T extends KubeObject>(reflector: Reflector<T>, ownerKind: string): Source {
  return mapped(reflector, (object) => {
    const reference = controllerOf(object);
    return reference?.kind === ownerKind ? [{ namespace: object.metadata.namespace, name: reference.name }] : [];
  });
}

/** Wakes the object of the same namespace that a label names: for children that outlive their parent. */
export function labelled<T extends KubeObject>(reflector: Reflector<T>, label: string): Source {
  return mapped(reflector, ({ metadata }) => {
    const name = metadata.labels?.[label];
    return name === undefined ? [] : [{ namespace: metadata.namespace, name }];
  });
}

function source<T extends KubeObject>(
  reflector: Reflector<T>,
  wake: (event: StoreEvent<T>) => readonly ObjectKey[],
): Source {
  return { reflector: reflector as Reflector<KubeObject>, wake: wake as Source["wake"] };
}
