import { ANNOTATION, FINALIZER, LABEL, MANAGED_BY } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { ControllerRevision, Deployment, Service } from "../../kube/built-in.ts";
import type { Applied } from "../../kube/client.ts";
import { armName } from "../../traffic/names.ts";
import { armTemplate } from "./arms/arm-template.ts";
import type { PodInputs } from "./arms/revision.ts";
import type { Backing, ObservedDeployment, RevisionRecord, Role } from "./observed.ts";

/** What the operator's configuration says about a canary's pods. */
export interface CanarySettings {
  /** The image of samplers and of the fetch init container. */
  readonly operatorImage: string;
  readonly collectorUrl: string;
}

/** Port of every arm's Service; it leads to the port that the revision's container listens on. */
export const ARM_PORT = 8080;

/** The revision as it is remembered, with what was made of it. Its data can never change. */
export function revisionRecord(canary: PreferenceCanary, record: RevisionRecord): Applied<ControllerRevision> {
  const { revision, model, verdict, reason, retried, retriedAt, firstServed, choice, among, removed } = record;
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
        ...(firstServed && { [ANNOTATION.firstServed]: firstServed }),
        ...(choice && { [ANNOTATION.choice]: choice }),
        ...(among && { [ANNOTATION.among]: String(among) }),
        ...(removed && { [ANNOTATION.removed]: "true" }),
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

/** What an arm is to be at the moment. `replicas`: how many pods it is to have. */
export interface ArmPart {
  readonly role: Role | undefined;
  readonly replicas: number;
}

/**
 * `existing`: the Deployment that stands; its pod template is kept as it is, whatever this version of the operator would
 * write, because a changed template would restart what serves.
 */
export function armDeployment(
  canary: PreferenceCanary,
  inputs: PodArm,
  { role, replicas }: ArmPart,
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
      replicas,
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
export function backedService(
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

// No owner references: what serves outlives the canary if its deletionPolicy says so, and the canary's finalizer takes
// away the rest in an order that a garbage collector does not know.
export function identity({ metadata: { namespace } }: PreferenceCanary, name: string, uid?: string) {
  return { namespace, name, ...(uid && { uid }) };
}

function armLabels({ metadata: { name } }: PreferenceCanary, revision: string) {
  return { ...MANAGED_BY, [LABEL.canary]: name, [LABEL.revision]: revision };
}
