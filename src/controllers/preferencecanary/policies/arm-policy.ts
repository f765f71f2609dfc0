import { SAMPLER_ENV } from "../../../api/contracts/sampler.ts";
import type { Deployment, Service } from "../../../kube/built-in.ts";
import type { Applied } from "../../../kube/client.ts";
import type { InferenceService } from "../../../kube/kserve.ts";
import type { KubeObject } from "../../../kube/object.ts";
import { covers } from "../../../runtime/covers.ts";
import { backingIn } from "../arms/external-arm.ts";
import { armInferenceService, isInKnative } from "../arms/inference-service-arm.ts";
import { podsFor } from "../arms/pods.ts";
import type { PredictorInputs } from "../arms/revision.ts";
import { mountProblemOf, type Target } from "../arms/target.ts";
import { type ArmPart, armDeployment, armService, backedService, revisionRecord } from "../desired.ts";
import type { Advice } from "../effect.ts";
import { judgeDeployment, samplerDeployment, samplerService } from "../evidence/evidence-pods.ts";
import type { Facts } from "../facts.ts";
import type {
  Arm,
  Observed,
  ObservedDeployment,
  ObservedInferenceService,
  ObservedService,
  Role,
} from "../observed.ts";
import { mayBegin } from "../run/may-begin.ts";
import type { Run } from "../run/run.ts";
import { amongHowMany } from "../selection/contenders.ts";
import { isContending } from "../selection/selection.ts";

/** Stable, or the revision that will be the first: record, Service, Deployment, in this order. */
export function keepStable(facts: Facts): Advice {
  const { stable, target } = facts.run;
  const { replicas } = facts.observed.canary.spec;
  if (stable !== undefined) return keepArm(facts, stable, { role: "stable", replicas });
  return target && keepArm(facts, target.revision, { role: undefined, replicas });
}

/** A run begins with its candidate's Deployment. */
export function keepCandidate(facts: Facts): Advice {
  const { candidate } = facts.run;
  if (candidate?.state !== "Running") return undefined;
  const { revision } = candidate;
  return keepArm(facts, revision, {
    role: "candidate",
    replicas: podsToHave(facts, revision, facts.toCarry ?? 0),
  });
}

/** Likewise, with those of its contenders; one that is out loses it. */
export function keepContenders(facts: Facts): readonly Advice[] {
  const { observed, selection } = facts;
  return (selection?.contenders ?? []).map(({ revision, out, among }) => {
    const isBegun = mayBegin(observed.canary) || observed.arms.has(revision);
    if (out !== undefined || !isBegun) return undefined;
    const part = { role: undefined, replicas: podsToHave(facts, revision, 0) };
    return keepAmong(observed, revision, among) ?? keepArm(facts, revision, part);
  });
}

/** What it was given once it keeps, within `replicas`: what it waits for may come and go, and its pods would with it. */
function podsToHave({ observed: { canary, arms } }: Facts, revision: string, percent: number): number {
  const { spec } = canary;
  const standing = arms.get(revision)?.deployment?.object.spec?.replicas ?? 0;
  return Math.max(podsFor(spec, percent), Math.min(standing, spec.replicas));
}

/** One that had a run of its own before there were several to choose from. */
function keepAmong({ canary, records }: Observed, revision: string, among: number | undefined): Advice {
  const record = records.get(revision);
  if (record === undefined || among === undefined || record.among !== undefined) return undefined;
  return { effect: { type: "ApplyRecord", object: revisionRecord(canary, { ...record, among }) } };
}

function keepArm({ observed, run, settings }: Facts, revision: string, part: ArmPart): Advice {
  const { canary, records, arms } = observed;
  const { role } = part;
  const record = records.get(revision);
  const wanted: readonly (Target | undefined)[] = [run.target, ...(run.contenders ?? [])];
  const inputs = record ?? wanted.find((target) => target?.revision === revision);
  if (inputs === undefined) return undefined;
  const { service, deployment } = arms.get(revision) ?? {};
  // Nothing is made that could never serve; status says why.
  if (deployment === undefined && mountProblemOf(inputs) !== undefined) return undefined;
  if (record === undefined) {
    // The very first is compared with nobody.
    const among = run.stable === undefined ? undefined : amongHowMany(observed, revision, inputs.model.digest);
    const first = { ...inputs, ...(among && { among }), retried: false };
    return { effect: { type: "ApplyRecord", object: revisionRecord(canary, first) } };
  }
  if ("inferenceService" in inputs) return keepPredictor(observed, run, inputs, role);
  if ("service" in inputs) {
    const backing = backingIn(observed, inputs, run.stable);
    return typeof backing === "string"
      ? undefined
      : keepService(service, backedService(canary, revision, role, backing));
  }
  return (
    keepService(service, armService(canary, inputs)) ??
    keepDeployment(deployment, armDeployment(canary, inputs, part, settings, deployment))
  );
}

/**
 * As long as requests may go from one arm to the other in one write, neither has fewer pods than the other: an autoscaler takes
 * pods from whoever has nothing to do, and would be too late to give them back.
 */
function podsAtLeast(arms: Observed["arms"], { stable, candidate }: Run): number {
  if (stable === undefined || candidate?.state !== "Running") return 1;
  const pods = [stable, candidate.revision].map((revision) => arms.get(revision)?.deployment?.object.spec?.replicas);
  return Math.max(...pods.map((replicas = 1) => replicas));
}

/** The Service can lead nowhere before KServe has made its own. */
function keepPredictor(
  { canary, arms, inferenceServices }: Observed,
  run: Run,
  inputs: PredictorInputs & Pick<Target, "revision">,
  role: Role | undefined,
): Advice {
  if (inferenceServices === "Missing" || inferenceServices === "Hidden") return undefined;
  const { service, inferenceService } = arms.get(inputs.revision) ?? {};
  // To Knative another number is another template, of which it makes all pods anew: those would cost more than they bring.
  const pods = isInKnative(inputs.inferenceService) ? 1 : podsAtLeast(arms, run);
  const wanted = armInferenceService(canary, inputs, pods, inferenceService);
  const advice = keepInferenceService(inferenceService, wanted);
  const { backing } = inferenceService ?? {};
  if (advice !== undefined || backing === undefined) return advice;
  return keepService(service, backedService(canary, inputs.revision, role, backing));
}

/**
 * The sampler asks stable, and the candidate, or each contender, from when it is ready: what an arm cannot answer counts as lost. It is not
 * there before anything serves.
 */
export function keepSampler({ observed, run, settings, isServing, hasEntered, selection }: Facts): Advice {
  const { canary, sampler, route } = observed;
  if (run.stable === undefined || route === undefined) return undefined;
  const { candidate } = run;
  const isAsked = candidate?.state === "Running" && (isServing || hasEntered);
  const contenders = (selection?.contenders ?? []).filter(isContending).map(({ revision }) => revision);
  const arms = { stable: run.stable, contenders, ...(candidate && isAsked && { candidate: candidate.revision }) };
  return (
    keepService(sampler.service, samplerService(canary)) ??
    keepDeployment(sampler.deployment, samplerDeployment(canary, arms, settings))
  );
}

/** There as long as the spec has one and there may be pairs to judge. */
export function keepJudge({ observed, run, settings }: Facts): Advice {
  const { canary, judge } = observed;
  const wanted = canary.spec.evidence.comparisons.raters?.judge;
  if (wanted === undefined || run.stable === undefined) return undefined;
  return keepDeployment(judge.deployment, judgeDeployment(canary, wanted, settings));
}

/** One that somebody deleted is held by our finalizer, and made again once it is gone. */
export function keepService(standing: ObservedService | undefined, wanted: Applied<Service>): Advice {
  if (standing?.terminating) return undefined;
  // What is wanted no more would be no difference otherwise.
  const isSame =
    covers(wanted.spec?.selector, standing?.object.spec?.selector) &&
    protocolOf(wanted) === protocolOf(standing?.object);
  const isKept = standing?.held === true && isSame && stands(standing.object, wanted);
  return isKept ? undefined : { effect: { type: "ApplyService", object: wanted } };
}

function protocolOf(service: Pick<Service, "spec"> | undefined): string | undefined {
  return service?.spec?.ports?.[0]?.appProtocol;
}

function keepDeployment(standing: ObservedDeployment | undefined, wanted: Applied<Deployment>): Advice {
  const isKept = standing !== undefined && stands(standing.object, wanted);
  return isKept ? undefined : { effect: { type: "ApplyDeployment", object: wanted } };
}

/** One that somebody deleted is made again once it is gone. */
function keepInferenceService(
  standing: ObservedInferenceService | undefined,
  wanted: Applied<InferenceService>,
): Advice {
  if (standing?.terminating) return undefined;
  const isKept = standing !== undefined && stands(standing.object, wanted);
  return isKept ? undefined : { effect: { type: "ApplyInferenceService", object: wanted } };
}

type Kept = KubeObject & Pick<Applied<Service> | Applied<Deployment> | Applied<InferenceService>, "spec">;

function stands({ metadata, spec }: Kept, wanted: Kept): boolean {
  const { labels, annotations } = wanted.metadata;
  return covers({ metadata, spec }, { metadata: { labels, annotations }, spec: wanted.spec });
}

/** Whether a sampler may still ask this arm: its pods were told so, or are just being replaced. */
export function isAskedBySampler({ deployment }: Arm, revision: string): boolean {
  if (deployment === undefined) return false;
  const [container] = deployment.object.spec?.template.spec?.containers ?? [];
  const config = container?.env?.find(({ name }) => name === SAMPLER_ENV)?.value ?? "";
  return deployment.isRollingOut || config.includes(`"revision":"${revision}"`);
}
