import { FINALIZER } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Effect } from "../../controllers/preferencecanary/effect.ts";
import type { Sources } from "../../controllers/preferencecanary/observe.ts";
import type { Run } from "../../controllers/preferencecanary/run/run.ts";
import type { Deployment, Pod, Service } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import type { HTTPRoute } from "../../kube/gateway-api.ts";
import type { KubeObject, Stored } from "../../kube/object.ts";
import { type RouteWrite, readVerdicts } from "../../traffic/route-kind.ts";
import { type Objects, stored, storeOf } from "./objects.ts";

/** The simulated cluster at one moment, and what the controller has seen stand still in it. A value, as its objects. */
export interface World {
  readonly now: Date;
  readonly canary: Stored<PreferenceCanary>;
  readonly objects: Objects;
  /** Number of writes so far. */
  readonly version: number;
  /** Since when something is known to stand as it does. */
  readonly sights: ReadonlyMap<string, { readonly state: string; readonly since: number }>;
}

/** A gateway serves what is written, and an arm answers, as soon as somebody asks. */
const ALL_CONFIRMED: Sources["probing"] = {
  read: (_canary, { arms }) => ({
    weights: { type: "Confirmed" },
    arms: new Map(arms.map(({ revision }) => [revision, { type: "Confirmed" }])),
  }),
  forget: () => undefined,
  stop: () => undefined,
};

/** What the controller reads; `seen` is the world in which it has read it. */
export function sourcesOf(world: World): { readonly sources: Sources; readonly seen: () => World } {
  const { objects, now } = world;
  const sights = new Map(world.sights);
  const settling: Sources["settling"] = {
    unchangedMs(thing, aspect, state) {
      const known = sights.get(`${thing} ${aspect}`);
      if (known?.state === state) return now.getTime() - known.since;
      sights.set(`${thing} ${aspect}`, { state, since: now.getTime() });
      return 0;
    },
    keepOnly: () => undefined,
    forget: () => undefined,
  };
  const sources = {
    jobs: storeOf(objects.jobs),
    deployments: storeOf(objects.deployments),
    services: storeOf(objects.services),
    pods: storeOf<Pod>([]),
    records: storeOf(objects.records),
    inferenceServices: { store: storeOf([]), isServed: () => false, isHidden: () => false, isCurrent: () => true },
    routes: () => storeOf(objects.routes),
    isHidden: () => false,
    settling,
    probing: ALL_CONFIRMED,
  };
  return { sources, seen: () => ({ ...world, sights }) };
}

/** The world after one write of the controller. Pods are ready and a Gateway serves the route as soon as they are wanted. */
export function afterEffect(world: World, effect: Effect): World {
  const { canary } = world;
  switch (effect.type) {
    case "AddFinalizer":
      return { ...world, canary: { ...canary, metadata: { ...canary.metadata, finalizers: [FINALIZER.canary] } } };
    case "ApplyRecord":
      return put(world, "records", { revision: 1, ...effect.object });
    case "ApplyService":
      return put(world, "services", {
        ...effect.object,
        spec: { ...effect.object.spec, clusterIP: "10.0.0.1" },
      } as Applied<Service>);
    case "ApplyDeployment":
      return put(world, "deployments", ready(effect.object));
    case "WriteRoute":
      return put(world, "routes", served(effect.write));
    default:
      throw new Error(`what comes of ${effect.type} is not simulated`);
  }
}

export function put(world: World, kind: keyof Objects, object: Applied<KubeObject>): World {
  const version = world.version + 1;
  const all = stored<KubeObject>(world.objects[kind], object, { version, now: world.now });
  return { ...world, version, objects: { ...world.objects, [kind]: all } };
}

function ready(object: Applied<Deployment>): Applied<Deployment> {
  const pods = object.spec?.replicas ?? 1;
  const counts = { replicas: pods, updatedReplicas: pods, availableReplicas: pods };
  return { ...object, status: { observedGeneration: Number.MAX_SAFE_INTEGER, ...counts } };
}

function served(write: RouteWrite): Applied<HTTPRoute> {
  if (write.type !== "Apply") throw new Error("a route that Git owns is not simulated");
  const route = write.object as Applied<HTTPRoute>;
  const conditions = [{ type: "Accepted", status: "True", reason: "Accepted", message: "" } as const];
  const parents = (route.spec?.parentRefs ?? []).map((parentRef) => {
    return { parentRef, controllerName: "simulated", conditions };
  });
  return { ...route, status: { parents } };
}

export type End = { readonly outcome: "Promoted" } | { readonly outcome: "RolledBack"; readonly reason: string };

/** How the run has ended: decisions are written with the traffic, so the route says it first. */
export function endOf({ objects: { routes } }: World, { candidate }: Run): End | undefined {
  const [route] = routes;
  if (route === undefined || candidate === undefined) return undefined;
  const { stable, rejected } = readVerdicts(route);
  if (stable === candidate.revision) return { outcome: "Promoted" };
  return rejected?.revision === candidate.revision ? { outcome: "RolledBack", reason: rejected.reason } : undefined;
}
