import { COLLECTOR_AUDIENCE } from "../../api/contracts/collector-api.ts";
import { JUDGE_ENV, JUDGE_KEY_ENV, type JudgeConfig, judgeLabeler } from "../../api/contracts/judge.ts";
import { SAMPLER_ENV, type SamplerConfig } from "../../api/contracts/sampler.ts";
import { JUDGE_SECRET_KEY, type Judge } from "../../api/v1alpha1/canary-judge.ts";
import { ANNOTATION, FINALIZER, LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../api/v1alpha1/quantity.ts";
import type { Container, ControllerRevision, Deployment, Service } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import { SAMPLER_PORT } from "../../traffic/http-rules.ts";
import { armName, judgeName, samplerName } from "../../traffic/names.ts";
import { type Mounted, RESTRICTED_CONTAINER, RESTRICTED_POD, tokenVolume } from "../pod-parts.ts";
import { armTemplate } from "./arm-template.ts";
import type { Backing, ObservedDeployment, RevisionRecord, Role } from "./observed.ts";
import type { PodInputs } from "./revision.ts";
import { shares } from "./sampling.ts";

/** What the operator's configuration says about a canary's pods. */
export interface CanarySettings {
  /** The image of samplers and of the fetch init container. */
  readonly operatorImage: string;
  readonly collectorUrl: string;
}

/** Port of every arm's Service; it leads to the port that the revision's container listens on. */
export const ARM_PORT = 8080;

/** Of a judge's health and metrics. */
const JUDGE_PORT = 8080;

/** What makes pods a part of the sampler, or of the judge; arms are told by their revision. */
const COMPONENT = "app.kubernetes.io/component";

/** The revision as it is remembered, with what was made of it. Its data can never change. */
export function revisionRecord(canary: PreferenceCanary, record: RevisionRecord): Applied<ControllerRevision> {
  const { revision, model, verdict, reason, retried, retriedAt, chosenFrom, among } = record;
  return {
    metadata: {
      ...identity(canary, armName(canary.metadata.name, revision)),
      labels: armLabels(canary, revision),
      annotations: {
        ...(model.digest && { [ANNOTATION.digest]: model.digest }),
        ...(verdict && { [ANNOTATION.verdict]: verdict }),
        ...(reason && { [ANNOTATION.rejectedReason]: reason }),
        ...(retried && { [ANNOTATION.retry]: revision }),
        ...(retriedAt && { [ANNOTATION.triedAgain]: retriedAt }),
        ...(chosenFrom && { [ANNOTATION.chosenFrom]: chosenFrom }),
        ...(among && { [ANNOTATION.among]: String(among) }),
      },
    },
    revision: 1,
    data: { model, ...servedBy(record) },
  };
}

function servedBy(record: RevisionRecord) {
  if ("service" in record) return { service: record.service, port: record.port };
  if ("inferenceService" in record) return { inferenceService: record.inferenceService };
  return { template: record.template, modelEnv: record.modelEnv, port: record.port };
}

type PodArm = PodInputs & { readonly revision: string };

/**
 * `existing`: the Deployment that stands; its pod template is kept as it is, whatever this version of the operator would
 * write, because a changed template would restart what serves.
 */
export function armDeployment(
  canary: PreferenceCanary,
  inputs: PodArm,
  role: Role | undefined,
  { operatorImage }: CanarySettings,
  existing?: ObservedDeployment,
): Applied<Deployment> {
  const { revision, model } = inputs;
  const selector = { [LABEL.canary]: canary.metadata.name, [LABEL.revision]: revision };
  return {
    metadata: {
      ...identity(canary, armName(canary.metadata.name, revision), existing?.uid),
      labels: { ...armLabels(canary, revision), ...(role && { [LABEL.role]: role }) },
      ...(model.digest && { annotations: { [ANNOTATION.digest]: model.digest } }),
    },
    spec: {
      replicas: canary.spec.replicas,
      selector: { matchLabels: selector },
      template: existing?.object.spec?.template ?? armTemplate(inputs, { ...MANAGED_BY, ...selector }, operatorImage),
    },
  };
}

/** The finalizer keeps it until the route has stopped naming it: a gateway answers 500 for a Service that is missing. */
export function armService(canary: PreferenceCanary, { revision, port }: PodArm): Applied<Service> {
  const selector = { [LABEL.canary]: canary.metadata.name, [LABEL.revision]: revision };
  return serviceTo(canary, revision, armLabels(canary, revision), { selector, port: { targetPort: port } });
}

/** Leads to the pods that somebody else's Service selects, or KServe's. The role stands on it, as there is no Deployment of ours. */
export function externalArmService(
  canary: PreferenceCanary,
  revision: string,
  role: Role | undefined,
  backing: Backing,
): Applied<Service> {
  const labels = { ...armLabels(canary, revision), ...(role && { [LABEL.role]: role }) };
  return serviceTo(canary, revision, labels, backing);
}

function serviceTo(
  canary: PreferenceCanary,
  revision: string,
  labels: Readonly<Record<string, string>>,
  { selector, port }: Backing,
): Applied<Service> {
  const name = armName(canary.metadata.name, revision);
  return {
    metadata: { ...identity(canary, name), labels, finalizers: [FINALIZER.routed] },
    spec: { selector, ports: [{ name: "http", port: ARM_PORT, ...port }] },
  };
}

export interface SampledArms {
  readonly stable: string;
  readonly candidate?: string;
  /** While the candidate has yet to be chosen from them. */
  readonly contenders?: readonly string[];
}

/** Whom it asks stands in its pod template: a new candidate is a rollout, and the old pods go on until the new ones are ready. */
export function samplerDeployment(
  canary: PreferenceCanary,
  arms: SampledArms,
  { operatorImage, collectorUrl }: CanarySettings,
): Applied<Deployment> {
  const token = tokenVolume("collector", COLLECTOR_AUDIENCE);
  const config = samplerConfig(canary, arms, { url: collectorUrl, tokenFile: token.tokenFile });
  return roleDeployment(canary, {
    role: "sampler",
    image: operatorImage,
    token,
    env: [{ name: SAMPLER_ENV, value: JSON.stringify(config) }],
    port: SAMPLER_PORT,
  });
}

/** A model that judges the canary's pairs, as any labeler does. The Secret is read by its kubelet alone. */
export function judgeDeployment(
  canary: PreferenceCanary,
  judge: Judge,
  { operatorImage, collectorUrl }: CanarySettings,
): Applied<Deployment> {
  const token = tokenVolume("collector", COLLECTOR_AUDIENCE);
  const config = judgeConfig(canary, judge, { url: collectorUrl, tokenFile: token.tokenFile });
  const { secretRef } = judge;
  return roleDeployment(canary, {
    role: "judge",
    image: operatorImage,
    token,
    env: [
      { name: JUDGE_ENV, value: JSON.stringify(config) },
      ...(secretRef
        ? [{ name: JUDGE_KEY_ENV, valueFrom: { secretKeyRef: { ...secretRef, key: JUDGE_SECRET_KEY } } }]
        : []),
    ],
    port: JUDGE_PORT,
  });
}

interface RolePod {
  /** Subcommand of the image, and the end of the Deployment's name. */
  readonly role: "sampler" | "judge";
  readonly image: string;
  readonly token: Mounted;
  readonly env: Container["env"];
  readonly port: number;
}

/** One pod of the operator's image that works for the canary. */
function roleDeployment(canary: PreferenceCanary, { role, image, token, env, port }: RolePod): Applied<Deployment> {
  const name = { sampler: samplerName, judge: judgeName }[role](canary.metadata.name);
  const labels = { ...MANAGED_BY, ...roleSelector(canary, role) };
  // A node that also trains may take longer than the default second to answer, and unready takes the mirror off the route.
  const probe = (path: string) => ({ httpGet: { path, port: "http" }, periodSeconds: 5, timeoutSeconds: 5 });
  return {
    metadata: { ...identity(canary, name), labels },
    spec: {
      replicas: 1,
      selector: { matchLabels: roleSelector(canary, role) },
      template: {
        metadata: { labels },
        spec: {
          ...RESTRICTED_POD,
          volumes: [token.volume],
          containers: [
            {
              name: role,
              image,
              args: [role],
              env,
              ports: [{ name: "http", containerPort: port }],
              readinessProbe: { ...probe("/readyz"), periodSeconds: 1 },
              livenessProbe: probe("/healthz"),
              resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { memory: "256Mi" } },
              securityContext: RESTRICTED_CONTAINER,
              volumeMounts: [token.mount],
            },
          ],
        },
      },
    },
  };
}

function samplerConfig(
  { metadata: { name, namespace }, spec }: PreferenceCanary,
  { stable, candidate, contenders = [] }: SampledArms,
  collector: SamplerConfig["collector"],
) {
  const { dataset, answerTimeout, redact = [], unit, votesPerUnit } = spec.evidence.comparisons;
  const arm = (revision: string) => ({ revision, url: `http://${armName(name, revision)}:${ARM_PORT}` });
  return {
    namespace,
    canary: name,
    dataset: dataset.name,
    collector,
    stable: arm(stable),
    ...(candidate && { candidate: arm(candidate) }),
    ...(contenders.length > 0 && {
      selection: {
        contenders: contenders.map(arm),
        minShare: (spec.selection?.minShare ?? 0) / 100,
        betting: { unit, votesPerUnit },
      },
    }),
    timeoutSeconds: parseDuration(answerTimeout) / 1_000,
    redact,
    shares: shares(spec.evidence.comparisons),
  } satisfies Partial<SamplerConfig>;
}

function judgeConfig(
  { metadata: { name, namespace }, spec }: PreferenceCanary,
  judge: Judge,
  collector: JudgeConfig["collector"],
) {
  const { url, model, instructions } = judge;
  return {
    port: JUDGE_PORT,
    namespace,
    canary: name,
    dataset: spec.evidence.comparisons.dataset.name,
    collector,
    labeler: judgeLabeler(judge),
    server: { url, model },
    ...(instructions !== undefined && { instructions }),
  } satisfies Partial<JudgeConfig>;
}

export function samplerService(canary: PreferenceCanary): Applied<Service> {
  return {
    metadata: {
      ...identity(canary, samplerName(canary.metadata.name)),
      labels: { ...MANAGED_BY, ...roleSelector(canary, "sampler") },
      finalizers: [FINALIZER.routed],
    },
    spec: {
      selector: roleSelector(canary, "sampler"),
      ports: [{ name: "http", port: SAMPLER_PORT, targetPort: "http" }],
    },
  };
}

// No owner references: what serves outlives the canary if its deletionPolicy says so, and the canary's finalizer takes
// away the rest in an order that a garbage collector does not know.
function identity({ metadata: { namespace } }: PreferenceCanary, name: string, uid?: string) {
  return { namespace, name, ...(uid && { uid }) };
}

function armLabels({ metadata: { name } }: PreferenceCanary, revision: string) {
  return { ...MANAGED_BY, [LABEL.canary]: name, [LABEL.revision]: revision };
}

function roleSelector({ metadata: { name } }: PreferenceCanary, role: RolePod["role"]) {
  return { [LABEL.canary]: name, [COMPONENT]: role };
}
