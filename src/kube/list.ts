import { isExpired } from "./errors.ts";
import type { KubeObject, Stored } from "./object.ts";
import { collectionPath, decode, type Resource } from "./resource.ts";
import type { Transport } from "./transport.ts";

/** Which objects: of one namespace or all, with all of these labels. */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labels?: Readonly<Record<string, string>> | undefined;
}

export interface List<T extends KubeObject> {
  readonly items: readonly Stored<T>[];
  readonly resourceVersion: string;
}

/** JSON of an object → the object; undefined leaves it out. */
export type Decoder<T extends KubeObject> = (json: unknown) => Stored<T> | undefined;

interface Page {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items: readonly unknown[] | null;
}

const PAGE_SIZE = 500;

/**
 * A consistent list, in pages. resourceVersion is left unset on purpose: 0 would be answered from the cache of an API
 * server that may lag behind what we have already seen.
 */
export async function listAll<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  selection: Selection = {},
  signal?: AbortSignal,
  read: Decoder<T> = (json) => decode(resource, json),
): Promise<List<T>> {
  try {
    return await listPages(transport, resource, selection, signal, read);
  } catch (error) {
    // The snapshot behind the continue token was compacted between two pages.
    if (isExpired(error)) return listPages(transport, resource, selection, signal, read);
    throw error;
  }
}

async function listPages<T extends KubeObject>(
  transport: Transport,
  resource: Resource<T>,
  selection: Selection,
  signal: AbortSignal | undefined,
  read: Decoder<T>,
): Promise<List<T>> {
  const items: Stored<T>[] = [];
  let token: string | undefined;
  for (;;) {
    const { body } = await transport.send({
      method: "GET",
      path: collectionPath(resource, selection.namespace),
      query: { ...selectionQuery(selection), limit: PAGE_SIZE, continue: token },
      signal,
    });
    const page = body as Page;
    for (const json of page.items ?? []) {
      const item = read(json);
      if (item !== undefined) items.push(item);
    }
    token = page.metadata.continue || undefined;
    if (token === undefined) return { items, resourceVersion: page.metadata.resourceVersion };
  }
}

export function selectionQuery({ labels }: Selection): { labelSelector?: string } {
  if (labels === undefined) return {};
  return {
    labelSelector: Object.entries(labels)
      .map(([label, value]) => `${label}=${value}`)
      .join(","),
  };
}

export function selects({ namespace, labels = {} }: Selection, { metadata }: KubeObject): boolean {
  if (namespace !== undefined && metadata.namespace !== namespace) return false;
  return Object.entries(labels).every(([label, value]) => metadata.labels?.[label] === value);
}
