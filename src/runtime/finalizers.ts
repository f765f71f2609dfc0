import type { Client } from "../kube/client.ts";
import { isNotFound } from "../kube/errors.ts";
import { type KubeObject, keyOf, type Stored } from "../kube/object.ts";
import type { Resource } from "../kube/resource.ts";

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}

/** Adds the finalizer if it is not there; refused with 409 when the object has changed or is another one. */
export async function ensureFinalizer<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: Stored<T>,
  finalizer: string,
): Promise<Stored<T>> {
  if (hasFinalizer(object, finalizer)) return object;
  return write(client, resource, object, [...(object.metadata.finalizers ?? []), finalizer]);
}

/**
 * Takes the finalizer away; the object goes with the last one. One that is gone already, which a cache may not know yet,
 * has none. Refused with 409 when it has changed or is another one.
 */
export async function removeFinalizer<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: Stored<T>,
  finalizer: string,
): Promise<void> {
  if (!hasFinalizer(object, finalizer)) return;
  const rest = object.metadata.finalizers?.filter((other) => other !== finalizer) ?? [];
  try {
    await write(client, resource, object, rest);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** The list is replaced as a whole, hence the resourceVersion: another's finalizer must not be lost. */
function write<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  object: Stored<T>,
  finalizers: readonly string[],
): Promise<Stored<T>> {
  const { uid, resourceVersion } = object.metadata;
  return client.patch(resource, keyOf(object), {
    type: "merge",
    body: { metadata: { uid, resourceVersion, finalizers } },
  });
}
