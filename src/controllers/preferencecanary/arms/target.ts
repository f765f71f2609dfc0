import type { Digest } from "../../../artifacts/digest.ts";
import type { Observed } from "../observed.ts";
import { type ArmTemplate, type Model, mountProblem } from "./model.ts";
import { type MadeInputs, type RevisionInputs, revisionOf } from "./revision.ts";

/** A revision with all that it is made of. */
export type Target = RevisionInputs & { readonly revision: string };
export type MadeTarget = MadeInputs & { readonly revision: string };

/** Why a revision gets no run: a gate found something against it or its model, or its pods did not become ready. */
export type Block = "Rejected" | "Failed";

/** The revision that serves this model. */
export function serving({ canary }: Pick<Observed, "canary">, template: ArmTemplate, model: Model): MadeTarget {
  const { modelEnv, port } = canary.spec.serving;
  const inputs = "predictor" in template ? { model, inferenceService: template } : { model, template, modelEnv, port };
  return { ...inputs, revision: revisionOf(inputs) };
}

/** Why no pod can mount its model, in words; undefined when one can. KServe mounts more than the operator can. */
export function mountProblemOf(inputs: RevisionInputs): string | undefined {
  return "template" in inputs ? mountProblem(inputs.model) : undefined;
}

/** A rejection holds for the revision and for its model, unless that is stable's own; a failure for the revision only. */
export function blockOf(
  observed: Observed,
  { revision, model }: Target,
  stableDigest: Digest | undefined,
): Block | undefined {
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
