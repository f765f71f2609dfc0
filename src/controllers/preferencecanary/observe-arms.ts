import { FINALIZER, LABEL } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Deployment, Pod, Service } from "../../kube/built-in.ts";
import type { InferenceService } from "../../kube/kserve.ts";
import { type KubeObject, keyOf, keyString, type ObjectKey, type Stored } from "../../kube/object.ts";
import { covers } from "../../runtime/covers.ts";
import { hasFinalizer } from "../../runtime/finalizers.ts";
import type { Finding } from "../../traffic/inquiries.ts";
import { armName, armNameIn } from "../../traffic/names.ts";
import type { Asked } from "../../traffic/probing.ts";
import type { Settling } from "../../traffic/settling.ts";
import { type Slots, weightIn } from "../../traffic/slots.ts";
import { podProblem } from "../pod-problem.ts";
import { isComplete, isReachable, roleOf } from "./arms/arm-state.ts";
import { ARM_PORT } from "./desired.ts";
import { madeFor, readInferenceService } from "./observe-predictor.ts";
import type { Arm, Observed, ObservedDeployment, ObservedService, RevisionRecord, Role } from "./observed.ts";
import { waitsForPods } from "./standing/stand.ts";

/** What is labelled as a canary's. */
export interface Own {
  readonly deployments: readonly Stored<Deployment>[];
  readonly services: readonly Stored<Service>[];
  readonly inferenceServices: readonly Stored<InferenceService>[];
  /** Looked at only where one is not ready. */
  readonly pods: () => readonly Stored<Pod>[];
}

/**
 * By name, since what KServe makes of an InferenceService has its labels too. Where InferenceServices cannot be seen, there may be
 * one of each record that does not say that it is gone.
 */
export function readArms(
  { metadata: { name } }: Stored<PreferenceCanary>,
  own: Own,
  records: ReadonlyMap<string, RevisionRecord>,
  kind: Observed["inferenceServices"],
): ReadonlyMap<string, Arm> {
  const revisionOf = ({ metadata }: KubeObject) => metadata.labels?.[LABEL.revision] ?? "";
  const all: readonly KubeObject[] = [...own.deployments, ...own.services, ...own.inferenceServices];
  const revisions = all
    .filter((object) => armNameIn(object.metadata.name) === armName(name, revisionOf(object)))
    .map(revisionOf);
  const hidden = [...records].flatMap(([revision, record]) =>
    kind === "Hidden" && "inferenceService" in record && !record.removed ? [revision] : [],
  );
  return new Map(
    [...new Set([...revisions, ...hidden])].map((revision): [string, Arm] => {
      const record = records.get(revision) ?? {};
      const isExternal = "service" in record;
      const isHidden = hidden.includes(revision);
      const arm = withPodProblem(readArm(armName(name, revision), own), own.pods);
      return [revision, { ...arm, ...(isExternal && { isExternal }), ...(isHidden && { isHidden }) }];
    }),
  );
}

function readArm(name: string, own: Own): Arm {
  const service = own.services.find(isCalled(name));
  const inferenceService = own.inferenceServices.find((object) => armNameIn(object.metadata.name) === name);
  if (inferenceService === undefined) return armOf(own.deployments.find(isCalled(name)), service);
  const made = madeFor(inferenceService, own);
  const read = readInferenceService(inferenceService, made.service);
  return {
    ...armOf(made.deployment, service),
    inferenceService: { ...read, ...(made.next && { next: readDeployment(made.next) }) },
  };
}

export function isCalled(name: string) {
  return (object: KubeObject) => object.metadata.name === name;
}

/** Complete, and without requests: whoever gets some is asked no more, unless nothing else says that it is still there. */
export function askedArms(arms: ReadonlyMap<string, Arm>, slots: Slots | undefined): Asked["arms"] {
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

/** What is counted of an arm. */
export function idleAspect(revision: string): string {
  return `idle ${revision}`;
}

export function withAnswers(
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
    const idleMs = settling.unchangedMs(keyString(canary), idleAspect(revision), state);
    return [revision, { ...arm, ...(!isWell && { idleMs }), ...(answer && { answer }) }];
  });
  return new Map([...arms, ...known]);
}

export function shortAspect(revision: string): string {
  return `short ${revision}`;
}

/**
 * A Deployment's own conditions tell no time of this: one pod that is missing of many changes none of them. So it is counted here, from
 * when status first said so, and anew from each pod that comes.
 */
export function withShortage(
  arms: ReadonlyMap<string, Arm>,
  canary: Stored<PreferenceCanary>,
  settling: Settling,
): ReadonlyMap<string, Arm> {
  const reason = waitsForPods(canary);
  return new Map(
    [...arms].map(([revision, arm]): [string, Arm] => {
      const { deployment, inferenceService } = arm;
      if (deployment === undefined || roleOf(arm) !== "candidate") return [revision, arm];
      const isShort = !isComplete(arm) && reason !== undefined;
      const { object, available } = inferenceService?.next ?? deployment;
      const state = isShort ? `${reason} ${object.spec?.replicas} ${available}` : "not short";
      const shortMs = settling.unchangedMs(keyString(keyOf(canary)), shortAspect(revision), state);
      return [revision, isShort ? { ...arm, shortMs } : arm];
    }),
  );
}

/** KServe's pods have the labels that tell whose they are as well. */
export function withPodProblem(arm: Arm, pods: Own["pods"]): Arm {
  const awaited = arm.inferenceService?.next ?? arm.deployment;
  const selector = awaited?.object.spec?.selector.matchLabels;
  if (selector === undefined || awaited?.ready) return arm;
  const problem = podProblem(pods().filter(({ metadata }) => covers(metadata.labels, selector)));
  return problem === undefined ? arm : { ...arm, podProblem: problem };
}

export function armOf(deployment: Stored<Deployment> | undefined, service: Stored<Service> | undefined): Arm {
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
