import { type Model, mountProblem } from "../arms/model.ts";
import type { Facts } from "../facts.ts";
import type { Observed } from "../observed.ts";
import type { Run } from "../run/run.ts";
import type { Hindrance } from "./route-standing.ts";

/** Why no pods can be made of what is asked for, whatever the API server would say of them, and what to do about it. */
export function modelHindrance({ observed, run }: Pick<Facts, "observed" | "run">): Hindrance | undefined {
  const model = beginning(observed, run);
  const problem = model && mountProblem(model);
  if (model === undefined || problem === undefined) return undefined;
  const rest = run.stable === undefined ? "" : `. ${run.stable} goes on serving`;
  return { reason: "ModelRefused", message: `${placeOf(observed, model)}: ${problem}${rest}` };
}

/** The model of an arm that is to be made: the first one's, or the candidate's. */
function beginning({ arms, records }: Observed, { stable, target, candidate }: Run): Model | undefined {
  const revision = stable === undefined ? target?.revision : candidate?.revision;
  if (revision === undefined || arms.get(revision)?.deployment !== undefined) return undefined;
  const inputs = records.get(revision) ?? (target?.revision === revision ? target : undefined);
  // KServe mounts more than the operator can.
  return inputs !== undefined && "template" in inputs ? inputs.model : undefined;
}

/** Where it is written. */
function placeOf({ canary: { spec } }: Observed, { origin }: Model): string {
  if (origin.type === "Spec") return "spec.model.uri";
  if (origin.type === "Job") return `status.artifact.uri of DPOJob ${origin.name}`;
  const { workloadRef, modelEnv } = spec.serving;
  const whose = workloadRef === undefined ? "spec.serving.template" : `${workloadRef.kind} ${workloadRef.name}`;
  return `The variable ${modelEnv} of ${whose}`;
}
