import { FIELD_MANAGER, LABEL } from "../../src/api/v1alpha1/metadata.ts";
import { preferenceCanaries } from "../../src/controllers/resources.ts";
import { type Client, createClient } from "../../src/kube/client.ts";
import type { KubeObject, Stored } from "../../src/kube/object.ts";
import { controllerRevisions, deployments, httpRoutes, type Resource, services } from "../../src/kube/resource.ts";
import type { Transport } from "../../src/kube/transport.ts";
import type { NamedIn } from "./scene.ts";

/** In the order in which they are made: a canary comes last, when all that it needs is there. */
const KINDS: readonly Resource<KubeObject>[] = [
  deployments,
  services,
  controllerRevisions,
  httpRoutes,
  preferenceCanaries,
];

type Whole = Stored & { readonly status?: unknown };

/**
 * Makes canaries that stand as this one does, with all that belongs to it: specs and status, by the operator's own field
 * manager, so that its next write finds what it would have written itself. The status of Deployments and routes is left to
 * whoever writes it for the first one too.
 */
export async function createCopier(transport: Transport, model: NamedIn): Promise<(to: NamedIn) => Promise<void>> {
  const client = createClient(transport, FIELD_MANAGER.preferenceCanary);
  const parts = await Promise.all(KINDS.map(async (kind) => ({ kind, objects: await partsOf(client, kind, model) })));
  return async (to) => {
    for (const { kind, objects } of parts)
      for (const object of objects) await copy(client, kind, renamed(object, model, to));
  };
}

async function partsOf(client: Client, kind: Resource<KubeObject>, { namespace, name }: NamedIn): Promise<Stored[]> {
  const { items } = await client.list(kind, { namespace });
  return items.filter(
    ({ metadata }) => metadata.labels?.[LABEL.canary] === name || metadata.name === `${name}-template`,
  );
}

/** Every mention of it, in hosts, addresses and labels too. Each Service has an address of its own. */
function renamed(object: Stored, from: NamedIn, to: NamedIn): Whole {
  const text = JSON.stringify(object).replaceAll(from.namespace, to.namespace).replaceAll(from.name, to.name);
  return JSON.parse(text, (key, value) => (key === "clusterIP" || key === "clusterIPs" ? undefined : value));
}

async function copy(client: Client, kind: Resource<KubeObject>, { metadata, status, ...rest }: Whole): Promise<void> {
  const { name, namespace, labels, annotations, finalizers } = metadata;
  const { apiVersion: _version, kind: _kind, ...said } = rest;
  const made = await client.apply(kind, { metadata: { name, namespace, labels, annotations, finalizers }, ...said });
  if (kind !== preferenceCanaries) return;
  const { uid, generation = 1 } = made.metadata;
  const seen = JSON.stringify(status).replaceAll(/"observedGeneration":\d+/g, `"observedGeneration":${generation}`);
  await client.applyStatus(kind, { metadata: { name, namespace, uid }, status: JSON.parse(seen) });
}
