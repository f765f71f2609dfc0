import { canonicalJson, type JsonObject } from "../../artifacts/canonical-json.ts";
import { sha256Hex } from "../../artifacts/digest.ts";
import type { PodTemplate } from "../../kube/built-in.ts";
import type { Model } from "./model.ts";

/** All that makes an arm what it is. What the operator adds to the pod is not part of it: upgrading the operator starts no run. */
export interface RevisionInputs {
  readonly model: Model;
  /** The pod template of the workload that the user wrote. */
  readonly template: PodTemplate;
  readonly modelEnv: string;
  readonly port: number;
}

const LENGTH = 10;

/** The name of a revision: the first ten hex digits of a sha256 over what a run judges. */
export function revisionOf({ model, template, modelEnv, port }: RevisionInputs): string {
  const { metadata, spec } = template;
  const inputs = {
    digest: model.digest ?? "",
    template: { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {}, spec },
    modelEnv,
    port,
  };
  return sha256Hex(canonicalJson(plainJson(inputs))).slice(0, LENGTH);
}

/** Without members that are undefined, which JSON does not know. */
function plainJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
