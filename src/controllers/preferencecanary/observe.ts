import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import { LABEL } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { digestSchema } from "../../artifacts/digest.ts";
import type { ControllerRevision, Deployment, Pod, PodTemplate, Service } from "../../kube/built-in.ts";
import type { InferenceService } from "../../kube/kserve.ts";
import { type KubeObject, keyOf, keyString, type Stored } from "../../kube/object.ts";
import type { Reflector } from "../../kube/reflector.ts";
import type { Store } from "../../kube/store.ts";
import { isTrue } from "../../runtime/conditions.ts";
import { judgeName, samplerName } from "../../traffic/names.ts";
import type { Probing } from "../../traffic/probing.ts";
import { ORIGINAL, type RouteKindName } from "../../traffic/route-kind.ts";
import type { Settling } from "../../traffic/settling.ts";
import type { ArmTemplate, Model } from "./arms/model.ts";
import { askedOfBaseline } from "./evidence/baseline.ts";
import {
  armOf,
  askedArms,
  idleAspect,
  isCalled,
  readArms,
  shortAspect,
  withAnswers,
  withPodProblem,
  withShortage,
} from "./observe-arms.ts";
import { readRecords } from "./observe-records.ts";
import { askedOfOriginal, findRoute, ROUTE_ASPECTS, readRoute } from "./observe-route.ts";
import type { Observed, RevisionRecord } from "./observed.ts";
import { routeKindOf } from "./route-kind-of.ts";

export interface Sources {
  readonly jobs: Store<DPOJob>;
  /** All of them, since the workload that is the template is the user's; likewise for Services. */
  readonly deployments: Store<Deployment>;
  readonly services: Store<Service>;
  /** Of what the operator makes, and KServe for it. */
  readonly pods: Store<Pod>;
  readonly records: Store<ControllerRevision>;
  readonly inferenceServices: Pick<Reflector<InferenceService>, "store" | "isServed" | "isHidden" | "isCurrent">;
  /** Undefined while the API server does not know the kind. */
  readonly routes: (kind: RouteKindName) => Store<KubeObject> | undefined;
  /** The manager may not list the kind: there may be routes of it. */
  readonly isHidden: (kind: RouteKindName) => boolean;
  readonly settling: Settling;
  readonly probing: Probing;
}

export function observe(canary: Stored<PreferenceCanary>, sources: Sources): Observed {
  const { namespace, name } = canary.metadata;
  const kind = routeKindOf(canary);
  const routes = sources.routes(kind.kind);
  const route = findRoute(canary, routes?.get({ namespace, name: kind.name }), routes?.list(namespace) ?? []);
  const template = templateOf(canary, sources.deployments);
  const deployments = sources.deployments.labelled(LABEL.canary, name, namespace);
  const services = sources.services.labelled(LABEL.canary, name, namespace);
  const pods = () => sources.pods.labelled(LABEL.canary, name, namespace);
  const helper = (called: string) =>
    withPodProblem(armOf(deployments.find(isCalled(called)), services.find(isCalled(called))), pods);
  const records = readRecords(sources.records.labelled(LABEL.canary, name, namespace));
  const predictors = sources.inferenceServices.store.labelled(LABEL.canary, name, namespace);
  const inferenceServices = servedAs(sources.inferenceServices);
  const own = { deployments, services, inferenceServices: predictors, pods };
  const arms = withShortage(readArms(canary, own, records, inferenceServices), canary, sources.settling);
  const foreign = foreignServices(canary, records, sources.services);
  const slots = route?.reading.slots;
  const asked = askedArms(arms, slots);
  const compared = askedOfBaseline({ canary, arms, foreign });
  const found = sources.probing.read(keyOf(canary), {
    ...(route && "route" in route.asked && route.asked),
    arms: [...asked, ...askedOfOriginal(canary, route), ...compared],
  });
  const [baseline] = compared.map(({ revision }) => found.arms.get(revision));
  const aspects = [...arms.keys()].flatMap((revision) => [idleAspect(revision), shortAspect(revision)]);
  sources.settling.keepOnly(keyString(keyOf(canary)), [...ROUTE_ASPECTS, ...aspects]);
  const routeSays = { weights: found.weights, original: found.arms.get(ORIGINAL) };
  return {
    canary: ofThisTry(canary, records),
    isRouteKindServed: routes !== undefined,
    isRouteKindHidden: sources.isHidden(kind.kind),
    inferenceServices,
    ...(template && { template }),
    foreign,
    ...(baseline && { baseline }),
    jobs: sources.jobs.labelled(LABEL.publishTo, name, namespace).flatMap(readJob),
    records,
    arms: withAnswers(arms, asked, found.arms, slots, keyOf(canary), sources.settling),
    sampler: helper(samplerName(name)),
    judge: helper(judgeName(name)),
    ...(route && { route: readRoute(canary, route, routeSays, sources.settling) }),
  };
}

/** The one in the spec, or that of the workload that the spec names. */
function templateOf(
  { metadata, spec }: Stored<PreferenceCanary>,
  workloads: Store<Deployment>,
): ArmTemplate | undefined {
  const { template, workloadRef, inferenceService } = spec.serving;
  // What else is in a pod's spec is checked when a Deployment is made of it.
  if (workloadRef === undefined) return inferenceService ?? (template as PodTemplate | undefined);
  return workloads.get({ namespace: metadata.namespace, name: workloadRef.name })?.spec?.template;
}

/** What status says of an earlier try of its candidate, where a crash kept that from being written over, is forgotten. */
function ofThisTry(
  canary: Stored<PreferenceCanary>,
  records: ReadonlyMap<string, RevisionRecord>,
): Stored<PreferenceCanary> {
  const { revision = "", began, entered, refused } = canary.status?.candidate ?? {};
  const { retriedAt } = records.get(revision) ?? {};
  const known = entered ?? refused?.since ?? began;
  if (canary.status === undefined || known === undefined || retriedAt === undefined) return canary;
  if (Date.parse(known) >= Date.parse(retriedAt)) return canary;
  const { candidate: _candidate, step: _step, weights: _weights, gates: _gates, ...rest } = canary.status;
  return { ...canary, status: rest };
}

function readJob({ metadata, status }: Stored<DPOJob>): Model[] {
  const { name, creationTimestamp: created } = metadata;
  if (status?.artifact === undefined || !isTrue(status.conditions, CONDITION.validated)) return [];
  const { uri, digest } = status.artifact;
  return [{ uri, digest: digestSchema.parse(digest), origin: { type: "Job", name, created } }];
}

/** Of somebody else's, as far as arms lead to what is behind them, or are compared with it. */
function foreignServices(
  { metadata, spec }: Stored<PreferenceCanary>,
  records: ReadonlyMap<string, RevisionRecord>,
  services: Store<Service>,
): ReadonlyMap<string, Service> {
  const { stable, candidate } = spec.serving.external ?? {};
  const { baseline } = spec.evidence.comparisons;
  const recorded = [...records.values()].map((record) => ("service" in record ? record.service : undefined));
  const found = [stable?.service, candidate?.service, baseline?.service, ...recorded].flatMap((name) => {
    const service = name === undefined ? undefined : services.get({ namespace: metadata.namespace, name });
    return service === undefined ? [] : [service];
  });
  return new Map(found.map((service) => [service.metadata.name, service]));
}

function servedAs({ isServed, isHidden, isCurrent }: Sources["inferenceServices"]): Observed["inferenceServices"] {
  if (isServed()) return isCurrent() ? "Served" : "Stale";
  return isHidden() ? "Hidden" : "Missing";
}
