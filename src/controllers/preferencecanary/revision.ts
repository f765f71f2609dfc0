import { canonicalJson, type JsonObject } from "../../artifacts/canonical-json.ts";
import { sha256Hex } from "../../artifacts/digest.ts";
import type { PodTemplate } from "../../kube/built-in.ts";
import type { Model } from "./model.ts";

/** All that makes an arm what it is. */
export type RevisionInputs = PodInputs | ServiceInputs;

/** Of pods that the operator makes. What it adds to them is not part of it: upgrading the operator starts no run. */
export interface PodInputs {
  readonly model: Model;
  /** The pod template of the workload that the user wrote. */
  readonly template: PodTemplate;
  readonly modelEnv: string;
  readonly port: number;
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
  const { model, port } = inputs;
  const served = "service" in inputs ? { service: inputs.service } : podsOf(inputs);
  const all = { digest: model.digest ?? "", ...served, port };
  return sha256Hex(canonicalJson(plainJson(all))).slice(0, LENGTH);
}

function podsOf({ template: { metadata, spec }, modelEnv }: PodInputs) {
  return { template: { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {}, spec }, modelEnv };
}

/** Without members that are undefined, which JSON does not know. */
function plainJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
