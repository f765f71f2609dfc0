import type { DPOJob } from "../../src/api/v1alpha1/dpo-job.ts";
import { FIELD_MANAGER, LABEL } from "../../src/api/v1alpha1/metadata.ts";
import type { Effect } from "../../src/controllers/preferencecanary/effect.ts";
import type { ControllerRevision, Deployment, Pod, Service } from "../../src/kube/built-in.ts";
import type { Applied } from "../../src/kube/client.ts";
import type { HTTPRoute, HTTPRouteSpec } from "../../src/kube/gateway-api.ts";
import type { InferenceService } from "../../src/kube/kserve.ts";
import type { KubeObject, Stored } from "../../src/kube/object.ts";
import { createStore, type WritableStore } from "../../src/kube/store.ts";
import type { Clock } from "../../src/runtime/clock.ts";
import { letGoPatch } from "../../src/traffic/adopted-patch.ts";
import { namedServices } from "../../src/traffic/http-rules.ts";
import type { RouteWrite } from "../../src/traffic/route-kind.ts";
import { CANARY, NAMESPACE } from "./canary.ts";
import { patched } from "./json-patch.ts";
import { isInKnative, madeByKServe, readyStatus } from "./kserve.ts";

type Versioned = KubeObject & { readonly spec?: unknown; readonly status?: unknown };

/** An API server in memory that knows just enough to take a canary's effects. */
export function createMemoryCluster(clock: Clock) {
  let version = 1;
  const stores = {
    inferenceServices: createStore<InferenceService>(),
    deployments: createStore<Deployment>(),
    services: createStore<Service>(),
    records: createStore<ControllerRevision>(),
    pods: createStore<Pod>(),
    routes: createStore<HTTPRoute>(),
    jobs: createStore<DPOJob>(),
  };
  const routeVersions: HTTPRoute[] = [];
  const dangling = new Set<string>();
  const nextVersion = () => String(++version);

  /** Stores it as it is said, with the status and identity of the one that stands. */
  function put<T extends Versioned>(store: WritableStore<T>, object: T): Stored<T> {
    const { name, namespace = NAMESPACE } = object.metadata;
    const known = store.get({ name, namespace });
    const resourceVersion = nextVersion();
    const isNewSpec = JSON.stringify(known?.spec) !== JSON.stringify(object.spec);
    const metadata = {
      creationTimestamp: known?.metadata.creationTimestamp ?? clock.now().toISOString(),
      ...object.metadata,
      namespace,
      uid: known?.metadata.uid ?? `uid-${resourceVersion}`,
      resourceVersion,
      generation: (known?.metadata.generation ?? 0) + (isNewSpec ? 1 : 0),
    };
    const stored = structuredClone({ status: known?.status, ...object, metadata }) as Stored<T>;
    store.put(stored);
    return stored;
  }

  /** A gateway answers 500 for what is named and missing. */
  function lookForDangling(): void {
    for (const route of stores.routes.list()) {
      for (const name of namedServices(route)) {
        if (stores.services.get({ namespace: NAMESPACE, name }) === undefined) dangling.add(name);
      }
    }
  }

  /** As DELETE: an object with a finalizer stays, and says that it is to go. */
  function remove<T extends Versioned>(store: WritableStore<T>, name: string): void {
    const object = store.get({ namespace: NAMESPACE, name });
    if (object === undefined) return;
    const { metadata } = object;
    if ((metadata.finalizers ?? []).length === 0)
      store.remove({ ...object, metadata: { ...metadata, resourceVersion: nextVersion() } });
    else put(store, { ...object, metadata: { ...metadata, deletionTimestamp: clock.now().toISOString() } });
    lookForDangling();
  }

  function releaseService(name: string): void {
    const service = stores.services.get({ namespace: NAMESPACE, name });
    if (service === undefined) return;
    put(stores.services, { ...service, metadata: { ...service.metadata, finalizers: [] } });
    if (service.metadata.deletionTimestamp !== undefined) remove(stores.services, name);
  }

  function writeRoute(write: RouteWrite): void {
    if (write.type === "Patch") {
      patchRoute(write.key.name, write.body);
      return;
    }
    const { metadata, spec } = write.object as Applied<HTTPRoute>;
    if (spec === undefined) throw new Error("a route without a spec");
    const { uid, resourceVersion, ...rest } = metadata;
    const standing = stores.routes.get({ namespace: NAMESPACE, name: CANARY })?.metadata;
    if (uid !== standing?.uid) throw new Error("the route was to be another one");
    if (resourceVersion !== undefined && resourceVersion !== standing?.resourceVersion) throw new Error("409");
    routeVersions.push(put(stores.routes, { metadata: rest, spec, status: served(spec) }));
    lookForDangling();
  }

  /** A route that is Git's. */
  function patchRoute(name: string, body: readonly unknown[]): void {
    const standing = stores.routes.get({ namespace: NAMESPACE, name });
    if (standing === undefined) throw new Error("404");
    const next = patched(standing, body);
    if (next.metadata.resourceVersion !== standing.metadata.resourceVersion) throw new Error("409");
    routeVersions.push(put(stores.routes, next));
  }

  function letRouteGo(name: string): void {
    const standing = stores.routes.get({ namespace: NAMESPACE, name });
    if (standing === undefined) return;
    const managedFields = [{ manager: "argocd" }, { manager: FIELD_MANAGER.preferenceCanary }];
    const live = { ...standing, metadata: { ...standing.metadata, managedFields } };
    put(stores.routes, patched(live, letGoPatch(live, FIELD_MANAGER.preferenceCanary)));
  }

  const appliers: { readonly [T in Effect["type"]]?: (effect: Extract<Effect, { type: T }>) => void } = {
    WriteRoute: ({ write }) => writeRoute(write),
    GiveRouteBack: ({ write }) => writeRoute(write),
    LetRouteGo: ({ name }) => letRouteGo(name),
    ApplyRecord: ({ object }) => void put(stores.records, { revision: 1, ...object }),
    ApplyDeployment: ({ object }) => void put(stores.deployments, object),
    ApplyInferenceService: ({ object }) => {
      const { name, namespace = NAMESPACE } = object.metadata;
      const standing = stores.inferenceServices.get({ namespace, name });
      put(stores.inferenceServices, standing === undefined ? object : merged(standing, object));
    },
    ApplyService: ({ object }) =>
      void put(stores.services, { ...object, spec: { ...object.spec, clusterIP: "10.0.0.1" } }),
    ReleaseService: ({ name }) => releaseService(name),
    DeleteRoute: () => remove(stores.routes, CANARY),
    DeleteDeployment: ({ name }) => remove(stores.deployments, name),
    DeleteInferenceService: ({ name }) => {
      remove(stores.inferenceServices, name);
      // The garbage collector's.
      const isMade = ({ metadata }: KubeObject) => metadata.labels?.["serving.kserve.io/inferenceservice"] === name;
      for (const { metadata } of stores.deployments.list().filter(isMade)) remove(stores.deployments, metadata.name);
      for (const { metadata } of stores.services.list().filter(isMade)) remove(stores.services, metadata.name);
    },
    DeleteService: ({ name }) => remove(stores.services, name),
    DeleteRecord: ({ name }) => remove(stores.records, name),
  };

  /** What a deployment controller would do; `pods` of them get ready, all unless it is said. */
  function setReady(name: string, pods?: number): void {
    const object = stores.deployments.get({ namespace: NAMESPACE, name });
    if (object === undefined) throw new Error(`no Deployment ${name}`);
    const replicas = pods ?? object.spec?.replicas ?? 1;
    const { generation = 1 } = object.metadata;
    const counts = { replicas, updatedReplicas: replicas, availableReplicas: replicas };
    put(stores.deployments, { ...object, status: { observedGeneration: generation, ...counts } });
  }

  /** Up to what it has to be at least. */
  function autoscale(standing: Stored<Deployment>, replicas: number): void {
    if (standing.spec === undefined || (standing.spec.replicas ?? 1) >= replicas) return;
    put(stores.deployments, { ...standing, spec: { ...standing.spec, replicas } });
  }

  function makePredictors(): void {
    for (const object of stores.inferenceServices.list()) {
      const { deployment, service } = madeByKServe(object);
      const standing = stores.deployments.get(deployment.metadata);
      if (standing === undefined) {
        put(stores.services, service);
        put(stores.deployments, deployment);
      } else if (!isInKnative(object)) autoscale(standing, object.spec?.predictor.minReplicas ?? 1);
    }
  }

  function reportPredictors(): void {
    for (const object of stores.inferenceServices.list()) {
      const made = stores.deployments.get(madeByKServe(object).deployment.metadata);
      const isReady = made !== undefined && made.status?.availableReplicas === made.spec?.replicas;
      if (isReady && object.status === undefined)
        put(stores.inferenceServices, { ...object, status: readyStatus(object) });
    }
  }

  /** One of a Deployment's pods; without a kubelet it says what it is told to. */
  function addPod({ metadata, spec }: Stored<Deployment>, status: NonNullable<Pod["status"]>): void {
    const { labels } = spec?.template.metadata ?? {};
    put(stores.pods, { metadata: { name: `${metadata.name}-0`, ...(labels && { labels }) }, status } as Pod);
  }

  return {
    ...stores,
    addPod,
    /** The condition by which a scheduler says that no node takes a pod. */
    unscheduled: (message: string) => ({ type: "PodScheduled", status: "False", reason: "Unschedulable", message }),
    /** What KServe would do, but for getting pods ready. */
    makePredictors,
    routeVersions,
    /** Services that a route has ever named while they were missing. */
    dangling,
    nextVersion,
    put,
    remove,
    setReady,
    apply: (effect: Effect) => (appliers[effect.type] as ((effect: Effect) => void) | undefined)?.(effect),
    readyAll() {
      makePredictors();
      for (const { metadata, spec, status } of stores.deployments.list()) {
        const isTemplate = metadata.labels?.[LABEL.canary] === undefined;
        const isSeen = status?.observedGeneration === metadata.generation && status?.replicas === spec?.replicas;
        if (!isTemplate && !isSeen) setReady(metadata.name);
      }
      reportPredictors();
    },
  };
}

/** As server-side apply: what is left out stays as another has set it. */
function merged<T>(standing: unknown, applied: T): T {
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (applied === undefined) return standing as T;
  if (!isObject(standing) || !isObject(applied)) return applied;
  const entries = Object.entries(applied as object).map(([key, value]) => [
    key,
    merged(Reflect.get(standing as object, key), value),
  ]);
  return { ...(standing as T), ...Object.fromEntries(entries) };
}

/** What a gateway says of a route that it takes. */
export function served({ parentRefs = [] }: Pick<HTTPRouteSpec, "parentRefs">): NonNullable<HTTPRoute["status"]> {
  const accepted = { type: "Accepted", status: "True", reason: "Accepted", message: "" } as const;
  return {
    parents: parentRefs.map((parentRef) => ({ parentRef, controllerName: "test/gateway", conditions: [accepted] })),
  };
}

export type MemoryCluster = ReturnType<typeof createMemoryCluster>;
