import { FIELD_MANAGER, FINALIZER } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Service } from "../../kube/built-in.ts";
import type { Client } from "../../kube/client.ts";
import type { ObjectKey, Stored } from "../../kube/object.ts";
import {
  controllerRevisions,
  deployments,
  httpRoutes,
  inferenceServices,
  type Resource,
  services,
  virtualServices,
} from "../../kube/resource.ts";
import type { Store } from "../../kube/store.ts";
import { ensureFinalizer, removeFinalizer } from "../../runtime/finalizers.ts";
import { letGoPatch } from "../../traffic/adopted-patch.ts";
import type { RouteKindName, RouteWrite } from "../../traffic/route-kind.ts";
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
    case "GiveRouteBack":
      return writeRoute(effect.write, client, signal);
    case "LetRouteGo":
      return letRouteGo({ namespace, name: effect.name }, effect.uid, client, signal);
    case "ApplyRecord":
      return client.apply(controllerRevisions, effect.object, signal);
    case "ApplyDeployment":
      return client.apply(deployments, effect.object, signal);
    case "ApplyInferenceService":
      return client.apply(inferenceServices, effect.object, signal);
    case "ApplyService":
      return client.apply(services, effect.object, signal);
    case "ReleaseService": {
      const service = cache.get({ namespace, name: effect.name });
      return service && removeFinalizer(client, services, service, FINALIZER.routed);
    }
    case "DeleteRoute":
      return client.delete(ROUTES[effect.kind], canary.metadata, { preconditions: { uid: effect.uid } }, signal);
    case "DeleteDeployment":
      return client.delete(
        deployments,
        { namespace, name: effect.name },
        { preconditions: { uid: effect.uid } },
        signal,
      );
    case "DeleteInferenceService":
      return client.delete(
        inferenceServices,
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

const ROUTES: Readonly<Record<RouteKindName, Resource>> = {
  HTTPRoute: httpRoutes,
  VirtualService: virtualServices,
};

function writeRoute(write: RouteWrite, client: Client, signal: AbortSignal): Promise<unknown> {
  const resource = ROUTES[write.kind];
  if (write.type === "Apply") return client.apply(resource, write.object, signal);
  return client.patch(resource, write.key, { type: "json", body: write.body }, signal);
}

/** Who has written what of the route is in no cache. */
async function letRouteGo(key: ObjectKey, uid: string, client: Client, signal: AbortSignal): Promise<void> {
  const route = await client.get(httpRoutes, key, signal);
  if (route?.metadata.uid !== uid) return;
  const body = letGoPatch(route, FIELD_MANAGER.preferenceCanary);
  await client.patch(httpRoutes, key, { type: "json", body }, signal);
}
