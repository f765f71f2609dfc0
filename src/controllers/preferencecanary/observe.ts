import * as z from "zod";
import type { InferenceServiceTemplate } from "../../api/v1alpha1/canary-serving.ts";
import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import { ANNOTATION, FINALIZER, LABEL } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { digestSchema } from "../../artifacts/digest.ts";
import type { ControllerRevision, Deployment, PodTemplate, Service } from "../../kube/built-in.ts";
import type { InferenceService } from "../../kube/kserve.ts";
import { type KubeObject, keyOf, keyString, type ObjectKey, type Stored } from "../../kube/object.ts";
import { isControlledBy } from "../../kube/owner.ts";
import type { Reflector } from "../../kube/reflector.ts";
import type { Store } from "../../kube/store.ts";
import { isTrue } from "../../runtime/conditions.ts";
import { hasFinalizer } from "../../runtime/finalizers.ts";
import type { Finding } from "../../traffic/inquiries.ts";
import { armName, judgeName, predictorName, samplerName } from "../../traffic/names.ts";
import type { Asked, Probing } from "../../traffic/probing.ts";
import { ORIGINAL, type RouteKindName } from "../../traffic/route-kind.ts";
import type { Settling } from "../../traffic/settling.ts";
import { type Slots, weightIn } from "../../traffic/slots.ts";
import { isComplete, isReachable, roleOf } from "./arm-state.ts";
import { ARM_PORT } from "./desired.ts";
import { readInferenceService } from "./inference-service-arm.ts";
import type { ArmTemplate, Model } from "./model.ts";
import { askedOfOriginal, findRoute, readRoute } from "./observe-route.ts";
import type { Arm, Observed, ObservedDeployment, ObservedService, RevisionRecord, Role } from "./observed.ts";
import { routeKindOf } from "./route-kind-of.ts";

export interface Sources {
  readonly jobs: Store<DPOJob>;
  /** All of them, since the workload that is the template is the user's; likewise for Services. */
  readonly deployments: Store<Deployment>;
  readonly services: Store<Service>;
  readonly records: Store<ControllerRevision>;
  readonly inferenceServices: Pick<Reflector<InferenceService>, "store" | "isServed" | "isHidden">;
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
  const isSampler = isCalled(samplerName(name));
  const records = byRevision(sources.records.labelled(LABEL.canary, name, namespace).flatMap(readRecord));
  const predictors = sources.inferenceServices.store.labelled(LABEL.canary, name, namespace);
  const inferenceServices = standingOf(sources.inferenceServices);
  const arms = readArms(canary, { deployments, services, inferenceServices: predictors }, records, inferenceServices);
  const slots = route?.reading.slots;
  const asked = askedArms(arms, slots);
  const found = sources.probing.read(keyOf(canary), {
    ...(route && "route" in route.asked && route.asked),
    arms: [...asked, ...askedOfOriginal(canary, route)],
  });
  const routeSays = { weights: found.weights, original: found.arms.get(ORIGINAL) };
  return {
    canary: ofThisTry(canary, records),
    isRouteKindServed: routes !== undefined,
    isRouteKindHidden: sources.isHidden(kind.kind),
    inferenceServices,
    ...(template && { template }),
    foreign: foreignServices(canary, records, sources.services),
    jobs: sources.jobs.labelled(LABEL.publishTo, name, namespace).flatMap(readJob),
    records,
    arms: withAnswers(arms, asked, found.arms, slots, keyOf(canary), sources.settling),
    sampler: armOf(deployments.find(isSampler), services.find(isSampler)),
    judge: armOf(deployments.find(isCalled(judgeName(name))), undefined),
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
  const { revision = "", entered } = canary.status?.candidate ?? {};
  const { retriedAt } = records.get(revision) ?? {};
  if (canary.status === undefined || entered === undefined || retriedAt === undefined) return canary;
  if (Date.parse(entered) > Date.parse(retriedAt)) return canary;
  const { candidate: _candidate, step: _step, weights: _weights, gates: _gates, ...rest } = canary.status;
  return { ...canary, status: rest };
}

function readJob({ metadata, status }: Stored<DPOJob>): Model[] {
  const { name, creationTimestamp: created } = metadata;
  if (status?.artifact === undefined || !isTrue(status.conditions, CONDITION.validated)) return [];
  const { uri, digest } = status.artifact;
  return [{ uri, digest: digestSchema.parse(digest), origin: { type: "Job", name, created } }];
}

const model = z.object({
  digest: digestSchema.exactOptional(),
  uri: z.string().exactOptional(),
  origin: z.union([
    z.object({ type: z.literal("Template") }),
    z.object({ type: z.literal("Spec") }),
    z.object({ type: z.literal("Job"), name: z.string(), created: z.string() }),
  ]),
});
// What the API server stored as a template is taken for one.
const isObject = (value: unknown) => typeof value === "object" && value !== null;
const template = z.custom<PodTemplate>(isObject);
const inferenceService = z.custom<InferenceServiceTemplate>(isObject);
const RecordData = z.union([
  z.object({ model, service: z.string(), port: z.int() }),
  z.object({ model, inferenceService }),
  z.object({ model, template, modelEnv: z.string(), port: z.int() }),
]);

const Verdict = z.enum(["Promoted", "RolledBack", "Failed"]);
const Among = z.coerce.number().int().min(2);

/** One that is not ours, or that somebody has spoilt, is none. */
function readRecord({ metadata, data }: Stored<ControllerRevision>): RevisionRecord[] {
  const { labels = {}, annotations = {} } = metadata;
  const revision = labels[LABEL.revision];
  const parsed = RecordData.safeParse(data);
  if (revision === undefined || !parsed.success) return [];
  const verdict = Verdict.safeParse(annotations[ANNOTATION.verdict]).data;
  const reason = annotations[ANNOTATION.rejectedReason];
  const retried = annotations[ANNOTATION.retry] === revision;
  const retriedAt = annotations[ANNOTATION.triedAgain];
  const chosenFrom = annotations[ANNOTATION.chosenFrom];
  const among = Among.safeParse(annotations[ANNOTATION.among]).data;
  const { creationTimestamp: created } = metadata;
  return [
    {
      ...parsed.data,
      revision,
      created,
      retried,
      ...(retriedAt && { retriedAt }),
      ...(verdict && { verdict }),
      ...(reason && { reason }),
      ...(chosenFrom && { chosenFrom }),
      ...(among && { among }),
    },
  ];
}

function byRevision(records: readonly RevisionRecord[]): ReadonlyMap<string, RevisionRecord> {
  return new Map(records.map((record) => [record.revision, record]));
}

/** Of somebody else's, as far as arms lead to what is behind them. */
function foreignServices(
  { metadata, spec }: Stored<PreferenceCanary>,
  records: ReadonlyMap<string, RevisionRecord>,
  services: Store<Service>,
): ReadonlyMap<string, Service> {
  const { stable, candidate } = spec.serving.external ?? {};
  const recorded = [...records.values()].map((record) => ("service" in record ? record.service : undefined));
  const found = [stable?.service, candidate?.service, ...recorded].flatMap((name) => {
    const service = name === undefined ? undefined : services.get({ namespace: metadata.namespace, name });
    return service === undefined ? [] : [service];
  });
  return new Map(found.map((service) => [service.metadata.name, service]));
}

function standingOf({ isServed, isHidden }: Sources["inferenceServices"]): Observed["inferenceServices"] {
  if (isServed()) return "Served";
  return isHidden() ? "Hidden" : "Missing";
}

/** What is labelled as a canary's. */
interface Own {
  readonly deployments: readonly Stored<Deployment>[];
  readonly services: readonly Stored<Service>[];
  readonly inferenceServices: readonly Stored<InferenceService>[];
}

/** By name, since what KServe makes of an InferenceService has its labels too. */
function readArms(
  { metadata: { name } }: Stored<PreferenceCanary>,
  own: Own,
  records: ReadonlyMap<string, RevisionRecord>,
  kind: Observed["inferenceServices"],
): ReadonlyMap<string, Arm> {
  const revisionOf = ({ metadata }: KubeObject) => metadata.labels?.[LABEL.revision] ?? "";
  const all: readonly KubeObject[] = [...own.deployments, ...own.services, ...own.inferenceServices];
  const revisions = all.filter((object) => object.metadata.name === armName(name, revisionOf(object))).map(revisionOf);
  return new Map(
    [...new Set(revisions)].map((revision): [string, Arm] => {
      const record = records.get(revision) ?? {};
      const isExternal = "service" in record;
      const isHidden = "inferenceService" in record && kind === "Hidden";
      const arm = readArm(armName(name, revision), own);
      return [revision, { ...arm, ...(isExternal && { isExternal }), ...(isHidden && { isHidden }) }];
    }),
  );
}

function readArm(name: string, own: Own): Arm {
  const service = own.services.find(isCalled(name));
  const inferenceService = own.inferenceServices.find(isCalled(name));
  if (inferenceService === undefined) return armOf(own.deployments.find(isCalled(name)), service);
  const isMade = (object: KubeObject) =>
    object.metadata.name === predictorName(name) && isControlledBy(object, inferenceService);
  return {
    ...armOf(own.deployments.find(isMade), service),
    inferenceService: readInferenceService(inferenceService, own.services.find(isMade)),
  };
}

function isCalled(name: string) {
  return (object: KubeObject) => object.metadata.name === name;
}

/** Complete, and without requests: whoever gets some is asked no more, unless nothing else says that it is still there. */
function askedArms(arms: ReadonlyMap<string, Arm>, slots: Slots | undefined): Asked["arms"] {
  return [...arms].flatMap(([revision, arm]) => {
    const address = arm.service?.object.spec?.clusterIP;
    const isAsked = isComplete(arm) && isReachable(arm) && roleOf(arm) !== "stable";
    if (!isAsked || !address || (!arm.isExternal && !isIdle(revision, slots))) return [];
    return [{ revision, address, port: ARM_PORT, ...(arm.isExternal && { isFollowed: true }) }];
  });
}

function isIdle(revision: string, slots: Slots | undefined): boolean {
  return slots === undefined || weightIn(slots, revision) === 0;
}

function withAnswers(
  arms: ReadonlyMap<string, Arm>,
  asked: Asked["arms"],
  answers: ReadonlyMap<string, Finding>,
  slots: Slots | undefined,
  canary: ObjectKey,
  settling: Settling,
): ReadonlyMap<string, Arm> {
  const known = asked.map(({ revision }): [string, Arm] => {
    const arm = arms.get(revision) ?? {};
    const answer = answers.get(revision);
    // Of pods that somebody else runs nothing but their answers says that they are well.
    const isWell = !isIdle(revision, slots) || (arm.isExternal === true && answer?.type === "Confirmed");
    const state = isWell ? "well" : (arm.deployment?.uid ?? arm.service?.object.metadata.uid ?? "");
    const idleMs = settling.unchangedMs(keyString(canary), `idle ${revision}`, state);
    return [revision, { ...arm, ...(!isWell && { idleMs }), ...(answer && { answer }) }];
  });
  return new Map([...arms, ...known]);
}

function armOf(deployment: Stored<Deployment> | undefined, service: Stored<Service> | undefined): Arm {
  return {
    ...(deployment && { deployment: readDeployment(deployment) }),
    ...(service && { service: readService(service) }),
  };
}

function readDeployment(object: Stored<Deployment>): ObservedDeployment {
  const { metadata, spec, status = {} } = object;
  const { replicas = 0, updatedReplicas = 0, availableReplicas: available = 0, conditions = [] } = status;
  const wanted = spec?.replicas ?? 1;
  const isSeen = (status.observedGeneration ?? 0) >= (metadata.generation ?? 0);
  const times = conditions.flatMap(({ lastTransitionTime, lastUpdateTime }) => [lastTransitionTime, lastUpdateTime]);
  const dates = [metadata.creationTimestamp, ...times].flatMap((time) => (time ? [Date.parse(time)] : []));
  return {
    object,
    uid: metadata.uid,
    ...roleIn(object),
    ready: isSeen && replicas === updatedReplicas && updatedReplicas >= wanted && available >= wanted,
    available,
    isRollingOut: !isSeen || replicas > updatedReplicas,
    progressedAt: new Date(Math.max(...dates)),
  };
}

function roleIn({ metadata }: KubeObject): { readonly role?: Role } {
  const role = metadata.labels?.[LABEL.role];
  return role === "stable" || role === "candidate" ? { role } : {};
}

function readService(object: Stored<Service>): ObservedService {
  return {
    object,
    uid: object.metadata.uid,
    ...roleIn(object),
    terminating: object.metadata.deletionTimestamp !== undefined,
    held: hasFinalizer(object, FINALIZER.routed),
  };
}
