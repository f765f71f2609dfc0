import type { Applied, Client } from "../kube/client.ts";
import { isAlreadyExists } from "../kube/errors.ts";
import type { KubeObject, Stored } from "../kube/object.ts";
import { isControlledBy } from "../kube/owner.ts";
import type { Resource } from "../kube/resource.ts";

/**
 * Creates a child of `owner`, unless it is there: an earlier try whose answer was lost. False when what is there is not
 * the owner's. An apply would take that over.
 */
export async function createChild<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  child: Applied<T>,
  owner: Stored,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.create(resource, child, signal);
    return true;
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  const there = await client.get(resource, child.metadata, signal);
  // Gone between the two requests: the next pass creates it.
  return there === undefined || isControlledBy(there, owner);
}
