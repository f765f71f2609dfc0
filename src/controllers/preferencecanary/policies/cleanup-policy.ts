import { LIVE_MS } from "../../../traffic/liveness.ts";
import { armName, armNameIn, samplerName } from "../../../traffic/names.ts";
import { revisionRecord } from "../desired.ts";
import type { Advice } from "../effect.ts";
import type { Facts } from "../facts.ts";
import type { Arm, Observed, ObservedService, RevisionRecord } from "../observed.ts";
import type { Run } from "../run/run.ts";
import { setOf } from "../selection/contenders.ts";
import { isAskedBySampler } from "./arm-policy.ts";

/** Arms that are neither stable nor on their way go, once nobody sends them anything any more. */
export function removeOldArms({ observed, run }: Facts): readonly Advice[] {
  const kept = wantedArms(run);
  if (kept[0] === undefined) return [];
  return [...observed.arms].map(([revision, arm]) => {
    const isIdle = !kept.includes(revision) && !isAskedBySampler(observed.sampler, revision);
    return isIdle ? removeArm(observed, arm) : undefined;
  });
}

function wantedArms({ stable, candidate, target, contenders = [] }: Run): readonly (string | undefined)[] {
  const contending = contenders.filter(({ out }) => out === undefined).map(({ revision }) => revision);
  const running = candidate?.state === "Running" ? candidate.revision : undefined;
  return [stable ?? target?.revision, running, ...contending];
}

/**
 * Where InferenceServices cannot be seen only its record says whether a revision may have one: that it is gone is written
 * once it is, and taken back before another is made.
 */
export function noteRemoved({ observed, run }: Facts): readonly Advice[] {
  const { canary, records, arms, inferenceServices } = observed;
  if (inferenceServices !== "Served") return [];
  const wanted = wantedArms(run);
  return [...records.values()].map((record) => {
    const { revision } = record;
    const removed = !wanted.includes(revision) && arms.get(revision)?.inferenceService === undefined;
    if (!("inferenceService" in record) || removed === (record.removed ?? false)) return undefined;
    return { effect: { type: "ApplyRecord", object: revisionRecord(canary, { ...record, removed }) } };
  });
}

/** The judge goes when Git asks for none any more. */
export function removeJudge({ observed }: Facts): Advice {
  const isWanted = observed.canary.spec.evidence.comparisons.raters?.judge !== undefined;
  return isWanted ? undefined : removeArm(observed, observed.judge);
}

/**
 * Records of revisions that nobody can ask for again go, but for the newest ones: as many as runs are remembered. One
 * that holds a verdict stays while a job, or Git, has its model, or that would be tried again; so does one that says who was
 * chosen of the models that Git names. One that says among how many its model was compared stays for good: the comparisons
 * do too, and are judged at that part of the rates however its model is asked for again.
 */
export function pruneRecords({ observed, run }: Facts): Advice {
  const { canary, records, arms, route, jobs } = observed;
  const contenders = (run.contenders ?? []).map(({ revision }) => revision);
  const current = [run.stable, run.candidate?.revision, run.target?.revision, route?.rejected?.revision];
  const inUse = new Set([...current, ...contenders]);
  const { digest, candidates = [] } = canary.spec.model;
  const listed = setOf(candidates);
  const wanted = new Set([digest, ...[...candidates, ...jobs].map((model) => model.digest)]);
  const isKept = ({ revision, verdict, model, choice, among }: RevisionRecord) =>
    inUse.has(revision) ||
    arms.has(revision) ||
    among !== undefined ||
    choice === listed ||
    ((verdict === "RolledBack" || verdict === "Failed") && wanted.has(model.digest));
  const disposable = [...records.values()].filter((record) => !isKept(record));
  const newestFirst = disposable.toSorted((one, other) => ((one.created ?? "") < (other.created ?? "") ? 1 : -1));
  const oldest = newestFirst.slice(canary.spec.history.limit).at(-1);
  return oldest && { effect: { type: "DeleteRecord", name: armName(canary.metadata.name, oldest.revision) } };
}

/**
 * Services that somebody, or we, deleted: free to go once the route has stopped naming them. With its Service a candidate
 * that is taken back is gone, and its run is archived as status has it: not before status says what it was taken back by,
 * as only a process may have known that is no more.
 */
export function releaseServices(facts: Facts): Advice {
  const { observed, run } = facts;
  for (const [revision, { service }] of [["sampler", observed.sampler] as const, ...observed.arms]) {
    const isLast = revision === run.candidate?.revision && run.candidate.state !== "Running";
    if (!service?.terminating || !service.held || (isLast && !isTold(facts))) continue;
    const advice = release(observed, service);
    if (advice !== undefined) return advice;
  }
  return undefined;
}

/** Status has what the gates say by all evidence. Nobody reads that of a canary that goes. */
function isTold({ observed: { canary }, gates, isUnread }: Facts): boolean {
  const { metadata, status } = canary;
  const told = new Map(status?.gates?.map(({ name, verdict }) => [name, verdict]));
  const isSame = gates.every(({ name, verdict }) => told.get(name) === verdict);
  return metadata.deletionTimestamp !== undefined || (isSame && !isUnread);
}

function release(observed: Observed, { object }: ObservedService): Advice {
  const { name } = object.metadata;
  return unlessNamed(observed, name, { effect: { type: "ReleaseService", name } });
}

/** Deployment or InferenceService, and Service, of an arm that the route does not name. */
export function removeArm(observed: Observed, { inferenceService, deployment, service, isHidden }: Arm): Advice {
  if (isHidden) return undefined;
  if (inferenceService?.terminating === false) {
    const { name } = inferenceService.object.metadata;
    return unlessNamed(observed, name, { effect: { type: "DeleteInferenceService", name, uid: inferenceService.uid } });
  }
  // That of an InferenceService goes with it.
  if (deployment !== undefined && inferenceService === undefined) {
    const { name } = deployment.object.metadata;
    return unlessNamed(observed, name, { effect: { type: "DeleteDeployment", name, uid: deployment.uid } });
  }
  if (service === undefined || service.terminating) return undefined;
  const { name } = service.object.metadata;
  return unlessNamed(observed, name, { effect: { type: "DeleteService", name, uid: service.uid } });
}

/** The advice, once the route does not name the object any more and every gateway that can be asked knows it. */
function unlessNamed(observed: Observed, name: string, advice: Advice): Advice {
  const { route, canary, isRouteKindServed, isRouteKindHidden } = observed;
  const named = armNameIn(name);
  // What no route is known to name may be named by one that cannot be read.
  if (isRouteKindHidden || (!isRouteKindServed && canary.metadata.deletionTimestamp === undefined)) return undefined;
  // One of Git's may name it all the same.
  if (route === undefined || (!route.isOurs && route.adoption === undefined)) return advice;
  // Answers show the arms that a route of ours names, and not where a copy of the request went.
  const isShown = route.isOurs && named !== samplerName(canary.metadata.name);
  const inMs = isShown ? route.live.inMs : 0;
  if (route.names.has(named) || inMs === undefined) return undefined;
  const waitMs = Math.max(inMs, LIVE_MS - route.namesUnchangedMs);
  return waitMs <= 0 ? advice : { waitMs };
}
