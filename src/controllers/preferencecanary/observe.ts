import * as z from "zod";
import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import type { DPOJob } from "../../api/v1alpha1/dpo-job.ts";
import { ANNOTATION, FINALIZER, LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { digestSchema } from "../../artifacts/digest.ts";
import type { ControllerRevision, Deployment, PodTemplate, Service } from "../../kube/built-in.ts";
import type { HTTPRoute } from "../../kube/gateway-api.ts";
import { type KubeObject, keyString, type Stored } from "../../kube/object.ts";
import type { Store } from "../../kube/store.ts";
import { isTrue } from "../../runtime/conditions.ts";
import { hasFinalizer } from "../../runtime/finalizers.ts";
import { namedServices, readSlots, readVerdicts, readWays, unservedReason } from "../../traffic/http-route.ts";
import { samplerName } from "../../traffic/names.ts";
import type { Settling } from "../../traffic/settling.ts";
import type { Model } from "./model.ts";
import type { Arm, Observed, ObservedDeployment, ObservedService, RevisionRecord, Route } from "./observed.ts";

export interface Sources {
  readonly jobs: Store<DPOJob>;
  /** All of them, since the workload that is the template is the user's. */
  readonly deployments: Store<Deployment>;
  readonly services: Store<Service>;
  readonly records: Store<ControllerRevision>;
  readonly routes: Store<HTTPRoute>;
  readonly settling: Settling;
}

export function observe(canary: Stored<PreferenceCanary>, sources: Sources): Observed {
  const { namespace, name } = canary.metadata;
  const workload = sources.deployments.get({ namespace, name: canary.spec.serving.workloadRef.name });
  const route = sources.routes.get({ namespace, name });
  const template = workload?.spec?.template;
  const deployments = sources.deployments.labelled(LABEL.canary, name, namespace);
  const services = sources.services.labelled(LABEL.canary, name, namespace);
  const isSampler = (object: KubeObject) => object.metadata.name === samplerName(name);
  const records = byRevision(sources.records.labelled(LABEL.canary, name, namespace).flatMap(readRecord));
  return {
    canary: ofThisTry(canary, records),
    ...(template && { template }),
    jobs: sources.jobs.labelled(LABEL.publishTo, name, namespace).flatMap(readJob),
    records,
    arms: readArms(deployments, services),
    sampler: armOf(deployments.find(isSampler), services.find(isSampler)),
    ...(route && { route: readRoute(route, sources.settling) }),
  };
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

const RecordData = z.object({
  model: z.object({
    digest: digestSchema.exactOptional(),
    uri: z.string().exactOptional(),
    origin: z.union([
      z.object({ type: z.literal("Template") }),
      z.object({ type: z.literal("Spec") }),
      z.object({ type: z.literal("Job"), name: z.string(), created: z.string() }),
    ]),
  }),
  // What the API server stored as a pod template is taken for one.
  template: z.custom<PodTemplate>((value) => typeof value === "object" && value !== null),
  modelEnv: z.string(),
  port: z.int(),
});

const Verdict = z.enum(["Promoted", "RolledBack", "Failed"]);

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
    },
  ];
}

function byRevision(records: readonly RevisionRecord[]): ReadonlyMap<string, RevisionRecord> {
  return new Map(records.map((record) => [record.revision, record]));
}

function readArms(
  deployments: readonly Stored<Deployment>[],
  services: readonly Stored<Service>[],
): ReadonlyMap<string, Arm> {
  const revisionOf = ({ metadata }: KubeObject) => metadata.labels?.[LABEL.revision];
  const revisions = new Set([...deployments, ...services].map(revisionOf));
  return new Map(
    [...revisions].flatMap((revision) => {
      if (revision === undefined) return [];
      const isOfArm = (object: KubeObject) => revisionOf(object) === revision;
      return [[revision, armOf(deployments.find(isOfArm), services.find(isOfArm))]];
    }),
  );
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
  const role = metadata.labels?.[LABEL.role];
  const times = conditions.flatMap(({ lastTransitionTime, lastUpdateTime }) => [lastTransitionTime, lastUpdateTime]);
  const dates = [metadata.creationTimestamp, ...times].flatMap((time) => (time ? [Date.parse(time)] : []));
  return {
    object,
    uid: metadata.uid,
    ...((role === "stable" || role === "candidate") && { role }),
    ready: isSeen && replicas === updatedReplicas && updatedReplicas >= wanted && available >= wanted,
    available,
    isRollingOut: !isSeen || replicas > updatedReplicas,
    progressedAt: new Date(Math.max(...dates)),
  };
}

function readService(object: Stored<Service>): ObservedService {
  return {
    object,
    uid: object.metadata.uid,
    terminating: object.metadata.deletionTimestamp !== undefined,
    held: hasFinalizer(object, FINALIZER.routed),
  };
}

function readRoute(object: Stored<HTTPRoute>, settling: Settling): Route {
  const { name, namespace, uid, resourceVersion, labels, deletionTimestamp } = object.metadata;
  const isLabelled = Object.entries(MANAGED_BY).every(([label, value]) => labels?.[label] === value);
  const slots = readSlots(object, name);
  const ways = readWays(object, name);
  const verdicts = readVerdicts(object);
  const names = namedServices(object);
  const key = keyString({ namespace, name });
  const unserved = unservedReason(object);
  return {
    object,
    uid,
    resourceVersion,
    isOurs: isLabelled || verdicts.stable !== undefined,
    terminating: deletionTimestamp !== undefined,
    ...(slots && { slots }),
    ways,
    unchangedMs: settling.unchangedMs(key, "slots", `${uid} ${JSON.stringify([slots, ...ways])}`),
    namesUnchangedMs: settling.unchangedMs(key, "names", `${uid} ${[...names].toSorted().join()}`),
    ...verdicts,
    names,
    ...(unserved !== undefined && { unserved }),
  };
}
