import { ANNOTATION } from "../../../api/v1alpha1/metadata.ts";
import type { Digest } from "../../../artifacts/digest.ts";
import { ALMOST_WHOLE } from "../../../traffic/slots.ts";
import { isGone, roleOf } from "../arms/arm-state.ts";
import { desiredModel, newerJobs } from "../arms/desired-model.ts";
import { type External, externalInputs } from "../arms/external-arm.ts";
import { templateModel } from "../arms/model.ts";
import { revisionOf } from "../arms/revision.ts";
import { type Block, blockOf, type MadeTarget, mountProblemOf, serving, type Target } from "../arms/target.ts";
import type { Arm, Observed } from "../observed.ts";
import { amongHowMany, type Contender, chosenModel, contendersOf } from "../selection/contenders.ts";
import { mayBegin } from "./may-begin.ts";
import { readOrders } from "./orders.ts";
import { isInWhole } from "./steps.ts";

/**
 * Running: on its way. Rejected: a gate failed. Failed: its pods did not become ready in time. Superseded: Git asks for
 * something else. Only the first gets traffic; the others are taken back step by step until nothing of them is left.
 */
export type RunState = "Running" | "Rejected" | "Failed" | "Superseded";

export interface Candidate {
  readonly revision: string;
  readonly digest?: Digest;
  readonly state: RunState;
  /** Its own digest is stable's: only the way of serving is new. */
  readonly sameModel: boolean;
  /** Among how many it was chosen: what is promised of all of them together is shared out between them. */
  readonly among?: number;
  /** When it was first to be given requests of users, RFC 3339: from then on there can be ratings of its answers. */
  readonly firstServed?: string;
}

/** Who serves, who is judged, and who should be. */
export interface Run {
  /** Absent until a first revision is ready. */
  readonly stable?: string;
  readonly stableDigest?: Digest;
  readonly candidate?: Candidate;
  /** What Git asks for: stable itself until one of several models is chosen; absent while it cannot be had. */
  readonly target?: Target;
  /** Why the target gets no run although stable is another. */
  readonly blocked?: Block;
  /** What the newest job's model would be, if a pod could mount that. */
  readonly passedOver?: Target;
  /** Among whom there is yet to be chosen who is judged; those that are out too. */
  readonly contenders?: readonly Contender[];
}

/**
 * The route's annotations are believed before the Deployments' labels, those before status: decisions are written with
 * the traffic, and everything else is bookkeeping that a crash may have kept from being done.
 */
export function readRun(observed: Observed): Run {
  const stable = stableRevision(observed);
  const stableDigest = stable === undefined ? undefined : observed.records.get(stable)?.model.digest;
  const target = targetOf(observed, stable);
  const first = { ...(stable && { stable }), ...(stableDigest && { stableDigest }), ...(target && { target }) };
  if (stable === undefined) return first;
  const passedOver = passedOverOf(observed, stable);
  const known = { ...first, ...(passedOver && { passedOver }) };
  const contenders = contendersOf(observed, stable, stableDigest);
  if (contenders !== undefined && currentCandidate(observed, stable, target) === undefined)
    return { ...known, contenders, ...blockOfAll(contenders) };
  const blocked = target && blockOfWanted(observed, stable, target);
  const isFree = target !== undefined && target.revision !== stable && !blockOf(observed, target, stableDigest);
  const next = isFree && mayBegin(observed.canary) ? target.revision : undefined;
  const revision = currentCandidate(observed, stable, target) ?? next;
  if (revision === undefined) return { ...known, ...(blocked && { blocked }) };
  const state = stateOf(observed, revision, target);
  const candidate = { revision, state, ...describe(observed, revision, target, stableDigest) };
  return { ...known, ...(blocked && { blocked }), candidate };
}

function stableRevision({ route, arms, canary }: Observed): string | undefined {
  const remembered = canary.status?.stable?.revision;
  const labelled = [...arms].filter(([, arm]) => roleOf(arm) === "stable").map(([name]) => name);
  // A promotion leaves two for a moment: the old one is not relabelled, it goes.
  const labelledStable = labelled.find((revision) => revision === remembered) ?? labelled[0];
  return route?.stable ?? labelledStable ?? remembered;
}

/** The revision that a run is about: what is labelled so, else what status remembers and is still there. */
function currentCandidate(observed: Observed, stable: string, target: Target | undefined): string | undefined {
  const { arms, route, canary } = observed;
  const labelled = [...arms].filter(([, arm]) => roleOf(arm) === "candidate").map(([name]) => name);
  const others = labelled.filter((revision) => revision !== stable);
  if (others.length > 0) return others.find((revision) => revision === target?.revision) ?? others[0];
  const remembered = canary.status?.candidate?.revision;
  if (remembered === undefined || remembered === stable) return undefined;
  const isNamed = route?.slots?.some(({ revision }) => revision === remembered) ?? false;
  return isNamed || stands(arms.get(remembered)) ? remembered : undefined;
}

function stands(arm: Arm | undefined): boolean {
  return arm !== undefined && !isGone(arm);
}

function stateOf(observed: Observed, revision: string, target: Target | undefined): RunState {
  const { route, records, canary } = observed;
  const verdict = records.get(revision)?.verdict;
  if (route?.rejected?.revision === revision || verdict === "RolledBack") return "Rejected";
  if (verdict === "Failed") return "Failed";
  // What was promoted already is watched to the end, whatever is wanted next.
  if (isWatched(observed, revision)) return "Running";
  // Without a workload nobody can say what Git asks for; of Services it has said that, and it is not this one.
  if (target === undefined) return canary.spec.serving.external === undefined ? "Running" : "Superseded";
  return target.revision === revision || isWaitedFor(observed, revision, target) ? "Running" : "Superseded";
}

/** It has all requests, and not by a step that gives it those before its promotion. */
function isWatched({ route, canary: { status } }: Observed, revision: string): boolean {
  const hasAll = route?.slots?.some((slot) => slot.revision === revision && slot.weight === ALMOST_WHOLE) ?? false;
  return hasAll && !(status?.candidate?.revision === revision && isInWhole(status));
}

/** With `fromJobs` a newer model waits until the run is over, if it is to; another workload or a pinned model ends it. */
function isWaitedFor({ records, canary }: Observed, revision: string, target: Target): boolean {
  const record = records.get(revision);
  const { model, onNewCandidate } = canary.spec;
  if (onNewCandidate === "Supersede" || model.fromJobs === undefined) return false;
  if (record?.model.origin.type !== "Job") return false;
  return revisionOf({ ...target, model: record.model }) === revision;
}

function describe(
  observed: Observed,
  revision: string,
  target: Target | undefined,
  stableDigest: Digest | undefined,
): Omit<Candidate, "revision" | "state"> {
  const record = observed.records.get(revision);
  const firstServed = firstServedOf(observed, revision);
  const { model } = record ?? (target?.revision === revision ? target : {});
  const digest = model?.digest;
  const among = amongHowMany(observed, revision, digest);
  return {
    ...(digest && { digest }),
    sameModel: digest !== undefined && digest === stableDigest,
    ...(among && { among }),
    ...(firstServed && { firstServed }),
  };
}

/** A run goes on with what its gates began with, whatever becomes of the record; without either, with when a weight was live. */
function firstServedOf({ records, canary: { status } }: Observed, revision: string): string | undefined {
  const { gates = [], candidate } = status?.candidate?.revision === revision ? status : {};
  const began = gates.find(({ since }) => since !== undefined)?.since;
  const known = began ?? records.get(revision)?.firstServed ?? candidate?.served;
  return known && new Date(known).toISOString();
}

function targetOf(observed: Observed, stable: string | undefined): Target | undefined {
  const { canary, template, jobs } = observed;
  const { external } = canary.spec.serving;
  if (external !== undefined) return externalTarget(observed, external, stable);
  if (template === undefined) return undefined;
  const own = templateModel(template, canary.spec.serving.modelEnv);
  const standing = stable === undefined ? undefined : (observed.records.get(stable)?.model ?? own);
  if (canary.spec.model.candidates !== undefined && stable !== undefined) {
    const chosen = chosenModel(observed);
    return chosen === undefined ? observed.records.get(stable) : serving(observed, template, chosen);
  }
  const model = desiredModel({
    spec: canary.spec.model,
    own,
    jobs,
    ...(standing && { stable: standing }),
    isBlocked(job) {
      const wanted = serving(observed, template, job);
      return blockOf(observed, wanted, standing?.digest) !== undefined || isUnmountable(observed, wanted);
    },
  });
  return serving(observed, template, model);
}

function isUnmountable({ arms }: Observed, target: MadeTarget): boolean {
  return mountProblemOf(target) !== undefined && arms.get(target.revision)?.deployment === undefined;
}

/** Of several jobs the newest is meant. */
function passedOverOf(observed: Observed, stable: string): Target | undefined {
  const { canary, template, jobs, records } = observed;
  const standing = records.get(stable)?.model;
  if (canary.spec.model.fromJobs === undefined || template === undefined || standing === undefined) return undefined;
  const [newest] = newerJobs(jobs, standing);
  const wanted = newest && serving(observed, template, newest);
  return wanted && isUnmountable(observed, wanted) ? wanted : undefined;
}

/** The first revision is always stable's; from then on a candidate is wanted for as long as the spec names one. */
function externalTarget(
  { records }: Observed,
  { stable: first, candidate = first }: External,
  stable: string | undefined,
): Target | undefined {
  const inputs = externalInputs(stable === undefined ? first : candidate);
  const revision = revisionOf(inputs);
  const standing = stable === undefined ? undefined : records.get(stable);
  // Behind the Service that serves there is nothing else to go to.
  const isSameService = standing !== undefined && "service" in standing && standing.service === inputs.service;
  return isSameService && revision !== stable ? undefined : { ...inputs, revision };
}

/** Nobody is left to choose from. */
function blockOfAll(contenders: readonly Contender[]): Pick<Run, "blocked"> {
  const [first] = contenders;
  if (first === undefined || contenders.some(({ out }) => out === undefined)) return {};
  return { blocked: contenders.some(({ out }) => out === "Rejected") ? "Rejected" : "Failed" };
}

/** Why what Git asks for is not served: of several jobs the newest is meant, whatever came before it. */
function blockOfWanted(observed: Observed, stable: string, target: Target): Block | undefined {
  const model = observed.records.get(stable)?.model ?? target.model;
  const [newest] = observed.canary.spec.model.fromJobs ? newerJobs(observed.jobs, model) : [];
  const { template } = observed;
  const wanted = newest === undefined || template === undefined ? target : serving(observed, template, newest);
  return wanted.revision === stable ? undefined : blockOf(observed, wanted, model.digest);
}

/** The revision that `dpo.dev/retry` names and whose verdict was not lifted yet: it can be once nothing is left of it. */
export function toRetry({ canary, records, route, arms }: Observed): string | undefined {
  const revision = canary.metadata.annotations?.[ANNOTATION.retry];
  const record = revision === undefined ? undefined : records.get(revision);
  if (revision === undefined || record === undefined || record.retried || stands(arms.get(revision))) return undefined;
  // An order to roll back outranks the one to try again.
  if (readOrders(canary, revision).rollback) return undefined;
  const isBlocked = record.verdict === "RolledBack" || record.verdict === "Failed";
  return isBlocked || route?.rejected?.revision === revision ? revision : undefined;
}
