import {
  type Audience,
  type CollectorAccess,
  RATER_AUDIENCE,
  SAMPLER_AUDIENCE,
} from "../../../api/contracts/collector-api.ts";
import { JUDGE_ENV, JUDGE_KEY_ENV, type JudgeConfig, judgeLabeler } from "../../../api/contracts/judge.ts";
import { SAMPLER_ENV, type SamplerConfig } from "../../../api/contracts/sampler.ts";
import type { Baseline } from "../../../api/v1alpha1/canary-comparisons.ts";
import { JUDGE_SECRET_KEY, type Judge } from "../../../api/v1alpha1/canary-judge.ts";
import { FINALIZER, LABEL, MANAGED_BY } from "../../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDuration } from "../../../api/v1alpha1/quantity.ts";
import type { Container, Deployment, Service } from "../../../kube/built-in.ts";
import type { Applied } from "../../../kube/client.ts";
import { SAMPLER_PORT } from "../../../traffic/http-rules.ts";
import { armName, judgeName, samplerName } from "../../../traffic/names.ts";
import { RESTRICTED_CONTAINER, RESTRICTED_POD, tokenVolume } from "../../pod-parts.ts";
import { ARM_PORT, type CanarySettings, identity } from "../desired.ts";
import { againstOf, comparedWith } from "./baseline.ts";
import { sampling } from "./sampling.ts";

/** Of a judge's health and metrics. */
const JUDGE_PORT = 8080;

/** What makes pods a part of the sampler, or of the judge; arms are told by their revision. */
const COMPONENT = "app.kubernetes.io/component";

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
  settings: CanarySettings,
): Applied<Deployment> {
  return roleDeployment(canary, settings, {
    role: "sampler",
    audience: SAMPLER_AUDIENCE,
    env: (collector) => [{ name: SAMPLER_ENV, value: JSON.stringify(samplerConfig(canary, arms, collector)) }],
    port: SAMPLER_PORT,
  });
}

/** A model that judges the canary's pairs, as any labeler does. The Secret is read by its kubelet alone. */
export function judgeDeployment(canary: PreferenceCanary, judge: Judge, settings: CanarySettings): Applied<Deployment> {
  const { secretRef } = judge;
  return roleDeployment(canary, settings, {
    role: "judge",
    audience: RATER_AUDIENCE,
    env: (collector) => [
      { name: JUDGE_ENV, value: JSON.stringify(judgeConfig(canary, judge, collector)) },
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
  /** Of its token: what it may do is that and no more. */
  readonly audience: Audience;
  readonly env: (collector: CollectorAccess) => NonNullable<Container["env"]>;
  readonly port: number;
}

/** One pod of the operator's image that works for the canary, with a token for the collector. */
function roleDeployment(
  canary: PreferenceCanary,
  { operatorImage, collectorUrl }: CanarySettings,
  { role, audience, env, port }: RolePod,
): Applied<Deployment> {
  const token = tokenVolume("collector", audience);
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
              image: operatorImage,
              args: [role],
              env: env({ url: collectorUrl, tokenFile: token.tokenFile }),
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
  collector: CollectorAccess,
) {
  const { dataset, answerTimeout, redact = [], unit, votesPerUnit, baseline } = spec.evidence.comparisons;
  const isCompared = candidate !== undefined || contenders.length > 0;
  const arm = (revision: string) => ({ revision, url: `http://${armName(name, revision)}:${ARM_PORT}` });
  return {
    namespace,
    canary: name,
    dataset: dataset.name,
    collector,
    stable: arm(stable),
    ...(candidate && { candidate: arm(candidate) }),
    ...(isCompared && baseline && { baseline: baselineArm(baseline, stable) }),
    ...(contenders.length > 0 && {
      selection: {
        contenders: contenders.map(arm),
        minShare: (spec.selection?.minShare ?? 0) / 100,
        betting: { unit, votesPerUnit },
      },
    }),
    timeoutSeconds: parseDuration(answerTimeout) / 1_000,
    redact,
    ...sampling(spec.evidence.comparisons),
  } satisfies Partial<SamplerConfig>;
}

/** A port of somebody else's Service. */
function baselineArm(baseline: Baseline, stable: string): SamplerConfig["baseline"] {
  const against = againstOf(baseline);
  return { revision: comparedWith({ stable, against }), url: `http://${against}` };
}

function judgeConfig(
  { metadata: { name, namespace }, spec }: PreferenceCanary,
  judge: Judge,
  collector: CollectorAccess,
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

function roleSelector({ metadata: { name } }: PreferenceCanary, role: RolePod["role"]) {
  return { [LABEL.canary]: name, [COMPONENT]: role };
}
