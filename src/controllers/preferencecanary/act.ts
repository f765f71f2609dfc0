import { FINALIZER } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Service } from "../../kube/built-in.ts";
import type { Client } from "../../kube/client.ts";
import type { Stored } from "../../kube/object.ts";
import { controllerRevisions, deployments, httpRoutes, services } from "../../kube/resource.ts";
import type { Store } from "../../kube/store.ts";
import { ensureFinalizer, removeFinalizer } from "../../runtime/finalizers.ts";
import { httpRoute } from "../../traffic/http-route.ts";
import { preferenceCanaries } from "../resources.ts";
import type { Effect } from "./effect.ts";

export interface Actor {
  readonly client: Client;
  readonly services: Store<Service>;
}

/** The one write of a pass. Rejects with a conflict when what was decided on has changed: the next pass looks again. */
export async function act(
  canary: Stored<PreferenceCanary>,
  effect: Effect,
  { client, services: cache }: Actor,
  signal: AbortSignal,
): Promise<unknown> {
  const { namespace } = canary.metadata;
  switch (effect.type) {
    case "AddFinalizer":
      return ensureFinalizer(client, preferenceCanaries, canary, FINALIZER.canary);
    case "RemoveFinalizer":
      return removeFinalizer(client, preferenceCanaries, canary, FINALIZER.canary);
    case "WriteRoute":
      return writeRoute(effect, client, signal);
    case "ApplyRecord":
      return client.apply(controllerRevisions, effect.object, signal);
    case "ApplyDeployment":
      return client.apply(deployments, effect.object, signal);
    case "ApplyService":
      return client.apply(services, effect.object, signal);
    case "ReleaseService": {
      const service = cache.get({ namespace, name: effect.name });
      return service && removeFinalizer(client, services, service, FINALIZER.routed);
    }
    case "DeleteRoute":
      return client.delete(httpRoutes, canary.metadata, { preconditions: { uid: effect.uid } }, signal);
    case "DeleteDeployment":
      return client.delete(
        deployments,
        { namespace, name: effect.name },
        { preconditions: { uid: effect.uid } },
        signal,
      );
    case "DeleteService":
      return client.delete(services, { namespace, name: effect.name }, { preconditions: { uid: effect.uid } }, signal);
    case "DeleteRecord":
      return client.delete(controllerRevisions, { namespace, name: effect.name }, {}, signal);
  }
}

/** With the route's uid an apply never makes a route that somebody has deleted. */
function writeRoute(
  { intent, uid, resourceVersion }: Extract<Effect, { type: "WriteRoute" }>,
  client: Client,
  signal: AbortSignal,
) {
  const { metadata, ...rest } = httpRoute(intent);
  const condition = { ...(uid && { uid }), ...(resourceVersion && { resourceVersion }) };
  return client.apply(httpRoutes, { ...rest, metadata: { ...metadata, ...condition } }, signal);
}
