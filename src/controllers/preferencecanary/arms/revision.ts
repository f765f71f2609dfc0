import type { InferenceServiceTemplate } from "../../../api/v1alpha1/canary-serving.ts";
import { canonicalJson, type JsonObject } from "../../../artifacts/canonical-json.ts";
import { sha256Hex } from "../../../artifacts/digest.ts";
import type { PodTemplate } from "../../../kube/built-in.ts";
import { oncePerObject } from "../../../runtime/once-per-object.ts";
import type { ArmTemplate, Model } from "./model.ts";

/** All that makes an arm what it is. */
export type RevisionInputs = MadeInputs | ServiceInputs;

/** Of what the operator makes. What it adds to that is not part of it: upgrading the operator starts no run. */
export type MadeInputs = PodInputs | PredictorInputs;

export interface PodInputs {
  readonly model: Model;
  /** The pod template of the workload that the user wrote. */
  readonly template: PodTemplate;
  readonly modelEnv: string;
  readonly port: number;
}

/** Of pods that KServe makes. */
export interface PredictorInputs {
  readonly model: Model;
  readonly inferenceService: InferenceServiceTemplate;
}

/** Of pods that somebody else runs, behind a Service of theirs. */
export interface ServiceInputs {
  readonly model: Model;
  /** Its name. */
  readonly service: string;
  /** Of the Service. */
  readonly port: number;
}

const LENGTH = 10;

/** The name of a revision: the first ten hex digits of a sha256 over what a run judges. */
export function revisionOf(inputs: RevisionInputs): string {
  const { digest = "" } = inputs.model;
  if ("service" in inputs) return hashOf({ digest, service: inputs.service, port: inputs.port });
  // Of one template there are few revisions, and every pass asks for them.
  const known = revisionsFrom("template" in inputs ? inputs.template : inputs.inferenceService);
  const served = "template" in inputs ? `${inputs.modelEnv} ${inputs.port}` : "";
  const key = `${digest} ${served}`;
  const revision = known.get(key) ?? hashOf({ digest, ...judgedOf(inputs) });
  known.set(key, revision);
  return revision;
}

const revisionsFrom = oncePerObject((_template: ArmTemplate) => new Map<string, string>());

function hashOf(all: object): string {
  return sha256Hex(canonicalJson(plainJson(all))).slice(0, LENGTH);
}

function judgedOf(inputs: MadeInputs) {
  if ("inferenceService" in inputs) return { inferenceService: unscaled(inputs.inferenceService) };
  const { template, modelEnv, port } = inputs;
  const { metadata, spec } = template;
  const pods = { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {}, spec };
  return { template: pods, modelEnv, port };
}

/** How many pods there are is not judged. */
function unscaled({ labels = {}, annotations = {}, predictor }: InferenceServiceTemplate) {
  const { minReplicas: _least, maxReplicas: _most, ...judged } = predictor;
  return { labels, annotations, predictor: judged };
}

/** Without members that are undefined, which JSON does not know. */
function plainJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
