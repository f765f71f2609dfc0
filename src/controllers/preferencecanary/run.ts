import { ANNOTATION } from "../../api/v1alpha1/metadata.ts";
import type { Digest } from "../../artifacts/digest.ts";
import type { PodTemplate } from "../../kube/built-in.ts";
import { ALMOST_WHOLE } from "../../traffic/slots.ts";
import { roleOf } from "./arm-state.ts";
import { desiredModel, newerJobs } from "./desired-model.ts";
import { type External, externalInputs } from "./external-arm.ts";
import { type Model, templateModel } from "./model.ts";
import type { Observed } from "./observed.ts";
import { readOrders } from "./orders.ts";
import { type PodInputs, type RevisionInputs, revisionOf } from "./revision.ts";

/** A revision with all that it is made of. */
export type Target = RevisionInputs & { readonly revision: string };

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
}

/** Who serves, who is judged, and who should be. */
export interface Run {
  /** Absent until a first revision is ready. */
  readonly stable?: string;
  readonly stableDigest?: Digest;
  readonly candidate?: Candidate;
  /** What Git asks for; absent while it cannot be had. */
  readonly target?: Target;
  /** Why the target gets no run although stable is another. */
  readonly blocked?: "Rejected" | "Failed";
}

/**
 * The route's annotations are believed before the Deployments' labels, those before status: decisions are written with
 * the traffic, and everything else is bookkeeping that a crash may have kept from being done.
 */
export function readRun(observed: Observed): Run {
  const stable = stableRevision(observed);
  const stableDigest = stable === undefined ? undefined : observed.records.get(stable)?.model.digest;
  const target = targetOf(observed, stable);
  const known = { ...(stable && { stable }), ...(stableDigest && { stableDigest }), ...(target && { target }) };
  if (stable === undefined) return known;
  const blocked = target && blockOfWanted(observed, stable, target);
  const isFree = target !== undefined && target.revision !== stable && !blockOf(observed, target, stableDigest);
  const next = isFree && !observed.canary.spec.suspend ? target.revision : undefined;
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
  return isNamed || arms.has(remembered) ? remembered : undefined;
}

function stateOf(observed: Observed, revision: string, target: Target | undefined): RunState {
  const { route, records } = observed;
  const verdict = records.get(revision)?.verdict;
  if (route?.rejected?.revision === revision || verdict === "RolledBack") return "Rejected";
  if (verdict === "Failed") return "Failed";
  // What has all requests already is watched to the end, whatever is wanted next.
  if (route?.slots?.some((slot) => slot.revision === revision && slot.weight === ALMOST_WHOLE)) return "Running";
  return target === undefined || target.revision === revision || isWaitedFor(observed, revision, target)
    ? "Running"
    : "Superseded";
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
  { records }: Observed,
  revision: string,
  target: Target | undefined,
  stableDigest: Digest | undefined,
): Pick<Candidate, "digest" | "sameModel"> {
  const { model } = records.get(revision) ?? (target?.revision === revision ? target : {});
  const digest = model?.digest;
  return { ...(digest && { digest }), sameModel: digest !== undefined && digest === stableDigest };
}

function targetOf(observed: Observed, stable: string | undefined): Target | undefined {
  const { canary, template, jobs } = observed;
  const { external } = canary.spec.serving;
  if (external !== undefined) return externalTarget(observed, external, stable);
  if (template === undefined) return undefined;
  const own = templateModel(template, canary.spec.serving.modelEnv);
  const standing = stable === undefined ? undefined : (observed.records.get(stable)?.model ?? own);
  const model = desiredModel({
    spec: canary.spec.model,
    own,
    jobs,
    ...(standing && { stable: standing }),
    isBlocked: (job) => blockOf(observed, serving(observed, template, job), standing?.digest) !== undefined,
  });
  return serving(observed, template, model);
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

function serving({ canary }: Observed, template: PodTemplate, model: Model): Target & PodInputs {
  const { modelEnv, port } = canary.spec.serving;
  const inputs = { model, template, modelEnv, port };
  return { ...inputs, revision: revisionOf(inputs) };
}

/** Why what Git asks for is not served: of several jobs the newest is meant, whatever came before it. */
function blockOfWanted(observed: Observed, stable: string, target: Target): Run["blocked"] {
  const model = observed.records.get(stable)?.model ?? target.model;
  const [newest] = observed.canary.spec.model.fromJobs ? newerJobs(observed.jobs, model) : [];
  const wanted = newest === undefined || "service" in target ? target : serving(observed, target.template, newest);
  return wanted.revision === stable ? undefined : blockOf(observed, wanted, model.digest);
}

/** A rejection holds for the revision and for its model, unless that is stable's own; a failure for the revision only. */
function blockOf(
  observed: Observed,
  { revision, model }: Target,
  stableDigest: Digest | undefined,
): Run["blocked"] | undefined {
  const { route, records } = observed;
  const own = records.get(revision);
  if (route?.rejected?.revision === revision || own?.verdict === "RolledBack") return "Rejected";
  if (own?.verdict === "Failed") return "Failed";
  const isTriedAgain = own?.retried || (own?.retriedAt !== undefined && observed.arms.has(revision));
  if (isTriedAgain || model.digest === undefined || model.digest === stableDigest) return undefined;
  const rejected = [...records.values()].filter(
    (record) => record.verdict === "RolledBack" || record.revision === route?.rejected?.revision,
  );
  return rejected.some((record) => record.model.digest === model.digest) ? "Rejected" : undefined;
}

/** The revision that `dpo.dev/retry` names and whose verdict was not lifted yet: it can be once nothing is left of it. */
export function toRetry({ canary, records, route, arms }: Observed): string | undefined {
  const revision = canary.metadata.annotations?.[ANNOTATION.retry];
  const record = revision === undefined ? undefined : records.get(revision);
  if (revision === undefined || record === undefined || record.retried || arms.has(revision)) return undefined;
  // An order to roll back outranks the one to try again.
  if (readOrders(canary, revision).rollback) return undefined;
  const isBlocked = record.verdict === "RolledBack" || record.verdict === "Failed";
  return isBlocked || route?.rejected?.revision === revision ? revision : undefined;
}
