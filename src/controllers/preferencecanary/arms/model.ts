import type { InferenceServiceTemplate } from "../../../api/v1alpha1/canary-serving.ts";
import { ArtifactError } from "../../../artifacts/artifact-error.ts";
import { type Digest, digestSchema } from "../../../artifacts/digest.ts";
import { parseUri } from "../../../artifacts/uri.ts";
import type { Container, PodTemplate } from "../../../kube/built-in.ts";

/** What arms are made from. */
export type ArmTemplate = PodTemplate | InferenceServiceTemplate;

/** A model that an arm can serve. */
export interface Model {
  /** Absent: the template does not say it, so nobody can tell whether what is served is what was meant. */
  readonly digest?: Digest;
  /** `pvc://…`: fetched and verified before the operator's pod serves. Absent: the serving container finds its model itself. */
  readonly uri?: string;
  readonly origin: Origin;
}

/** Who asked for a model. */
export type Origin =
  | { readonly type: "Template" }
  | { readonly type: "Spec" }
  /** `created`: the job's creationTimestamp; with the name it orders models by age. */
  | { readonly type: "Job"; readonly name: string; readonly created: string };

const ENDS_IN_DIGEST = /sha256[:/]([0-9a-f]{64})$/;

/** The container that reads the model's variable: the one that has it, or the first. */
export function servingContainer(template: PodTemplate, modelEnv: string): Container | undefined {
  const containers = template.spec?.containers ?? [];
  return containers.find(({ env }) => env?.some(({ name }) => name === modelEnv)) ?? containers[0];
}

/** The model that the template itself names: what the first revision serves. */
export function templateModel(template: ArmTemplate, modelEnv: string): Model {
  const value = ("predictor" in template ? template.predictor.model.storageUri : envOf(template, modelEnv)) ?? "";
  const [, hex] = ENDS_IN_DIGEST.exec(value) ?? [];
  const origin = { type: "Template" } as const;
  if (hex === undefined) return { origin };
  const digest = digestSchema.parse(`sha256:${hex}`);
  return value.startsWith("pvc://") ? { digest, uri: value, origin } : { digest, origin };
}

function envOf(template: PodTemplate, modelEnv: string): string | undefined {
  const env = servingContainer(template, modelEnv)?.env;
  return env?.find(({ name }) => name === modelEnv)?.value;
}

/** Throws ArtifactError when the uri is none that a pod can mount. */
export function claimOf(uri: string): string {
  return parseUri(uri).claim;
}

/** Why no pod can mount the model, in words; undefined when one can, or finds it by itself. */
export function mountProblem({ uri, digest }: Model): string | undefined {
  if (uri === undefined || digest === undefined) return undefined;
  try {
    claimOf(uri);
    return undefined;
  } catch (error) {
    if (error instanceof ArtifactError) return error.message;
    throw error;
  }
}
