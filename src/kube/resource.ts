import type {
  ConfigMap,
  ControllerRevision,
  Deployment,
  Event,
  Job,
  Lease,
  Namespace,
  Pod,
  Service,
  TokenReview,
} from "./built-in.ts";
import type { Gateway, HTTPRoute } from "./gateway-api.ts";
import type { VirtualService } from "./istio.ts";
import type { InferenceService } from "./kserve.ts";
import type { KubeObject, ObjectKey, Stored } from "./object.ts";

/** A typed handle on one kind of object: where it lives in the API and what its JSON is. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /**
   * JSON from the server → T; throws what is wrong with it. The identity for kinds whose schema the server enforces itself,
   * a zod schema's `parse` where defaults of a newer version have to be filled in.
   */
  readonly parse: (json: unknown) => T;
  /** A cache leaves `metadata.managedFields` out, unless somebody asks who wrote an object: then it keeps their first level. */
  readonly keepsManagedFields?: true;
}

export function defineResource<T extends KubeObject>(
  resource: Omit<Resource<T>, "parse" | "namespaced"> & Partial<Pick<Resource<T>, "parse" | "namespaced">>,
): Resource<T> {
  return { namespaced: true, parse: enforcedByServer<T>, ...resource };
}

function enforcedByServer<T>(json: unknown): T {
  return json as T;
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}

/** For logs and metrics: `deployments.apps`. */
export function resourceName({ group, plural }: Resource): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** Path of a collection: of a namespace, or of all of them. */
export function collectionPath(resource: Resource, namespace?: string): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const scope = resource.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : "";
  return `${root}${scope}/${resource.plural}`;
}

/** Path of one object, or of a subresource of it. */
export function objectPath(resource: Resource, key: ObjectKey, subresource?: string): string {
  if (resource.namespaced && key.namespace === undefined) {
    throw new TypeError(`${resource.kind} ${key.name} is namespaced, but its key names no namespace`);
  }
  const suffix = subresource === undefined ? "" : `/${subresource}`;
  return `${collectionPath(resource, key.namespace)}/${encodeURIComponent(key.name)}${suffix}`;
}

/** One object of the server's answer. Lists leave out apiVersion and kind of their items. */
export function decode<T extends KubeObject>(resource: Resource<T>, json: unknown): Stored<T> {
  const object = { ...(json as object), apiVersion: apiVersionOf(resource), kind: resource.kind };
  return resource.parse(object) as Stored<T>;
}

export const configMaps = defineResource<ConfigMap>({
  group: "",
  version: "v1",
  kind: "ConfigMap",
  plural: "configmaps",
});
export const namespaces = defineResource<Namespace>({
  group: "",
  version: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
});
export const pods = defineResource<Pod>({ group: "", version: "v1", kind: "Pod", plural: "pods" });
export const services = defineResource<Service>({
  group: "",
  version: "v1",
  kind: "Service",
  plural: "services",
  parse: leanService,
});
export const controllerRevisions = defineResource<ControllerRevision>({
  group: "apps",
  version: "v1",
  kind: "ControllerRevision",
  plural: "controllerrevisions",
});
export const deployments = defineResource<Deployment>({
  group: "apps",
  version: "v1",
  kind: "Deployment",
  plural: "deployments",
});
export const serviceAccounts = defineResource({
  group: "",
  version: "v1",
  kind: "ServiceAccount",
  plural: "serviceaccounts",
});
export const tokenReviews = defineResource<TokenReview>({
  group: "authentication.k8s.io",
  version: "v1",
  kind: "TokenReview",
  plural: "tokenreviews",
  namespaced: false,
});
export const jobs = defineResource<Job>({ group: "batch", version: "v1", kind: "Job", plural: "jobs" });
export const leases = defineResource<Lease>({
  group: "coordination.k8s.io",
  version: "v1",
  kind: "Lease",
  plural: "leases",
});
export const events = defineResource<Event>({
  group: "events.k8s.io",
  version: "v1",
  kind: "Event",
  plural: "events",
});
export const gateways = defineResource<Gateway>({
  group: "gateway.networking.k8s.io",
  version: "v1",
  kind: "Gateway",
  plural: "gateways",
});
export const virtualServices = defineResource<VirtualService>({
  group: "networking.istio.io",
  version: "v1",
  kind: "VirtualService",
  plural: "virtualservices",
  keepsManagedFields: true,
});
export const inferenceServices = defineResource<InferenceService>({
  group: "serving.kserve.io",
  version: "v1beta1",
  kind: "InferenceService",
  plural: "inferenceservices",
});
export const httpRoutes = defineResource<HTTPRoute>({
  group: "gateway.networking.k8s.io",
  version: "v1",
  kind: "HTTPRoute",
  plural: "httproutes",
  keepsManagedFields: true,
});

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/** Those of the whole cluster are kept in memory, without what is long and nobody reads. */
function leanService(json: unknown): Service {
  const { status: _unread, ...service } = json as Service;
  const { [LAST_APPLIED]: _long, ...annotations } = service.metadata?.annotations ?? {};
  return { ...service, metadata: { ...service.metadata, annotations } };
}
