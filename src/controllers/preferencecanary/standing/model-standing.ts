import type { Model } from "../arms/model.ts";
import type { RevisionInputs } from "../arms/revision.ts";
import { mountProblemOf } from "../arms/target.ts";
import type { Facts } from "../facts.ts";
import type { Observed } from "../observed.ts";
import type { Run } from "../run/run.ts";
import type { Hindrance } from "./route-standing.ts";

/** Why no pods can be made of what is asked for, whatever the API server would say of them, and what to do about it. */
export function modelHindrance({ observed, run }: Pick<Facts, "observed" | "run">): Hindrance | undefined {
  const { stable, candidate, passedOver } = run;
  const begun = beginning(observed, run) ?? (candidate === undefined ? passedOver : undefined);
  const words = begun && problemOf(observed, begun);
  if (words === undefined) return undefined;
  const rest = stable === undefined ? "" : `. ${stable} goes on serving`;
  return { reason: "ModelRefused", message: `${words}${rest}` };
}

/** Of the newest job, while a candidate that was there before goes on. */
export function passedOverWords({ observed, run: { passedOver } }: Pick<Facts, "observed" | "run">): string {
  return passedOver === undefined ? "" : `. Passed over: ${problemOf(observed, passedOver)}`;
}

/** What an arm that is to be made is made of: the first one's, or the candidate's. */
function beginning({ arms, records }: Observed, { stable, target, candidate }: Run): RevisionInputs | undefined {
  const revision = stable === undefined ? target?.revision : candidate?.revision;
  if (revision === undefined || arms.get(revision)?.deployment !== undefined) return undefined;
  return records.get(revision) ?? (target?.revision === revision ? target : undefined);
}

function problemOf(observed: Observed, inputs: RevisionInputs): string | undefined {
  const problem = mountProblemOf(inputs);
  return problem && `${placeOf(observed, inputs.model)}: ${problem}`;
}

/** Where it is written. */
function placeOf({ canary: { spec } }: Observed, { origin }: Model): string {
  if (origin.type === "Spec") return "spec.model.uri";
  if (origin.type === "Job") return `status.artifact.uri of DPOJob ${origin.name}`;
  const { workloadRef, modelEnv } = spec.serving;
  const whose = workloadRef === undefined ? "spec.serving.template" : `${workloadRef.kind} ${workloadRef.name}`;
  return `The variable ${modelEnv} of ${whose}`;
}
