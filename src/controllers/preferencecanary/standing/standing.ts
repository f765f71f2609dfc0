import { WHOLE } from "../../../traffic/slots.ts";
import type { LastRun } from "../archive/last-run.ts";
import { isComplete, isGone } from "../arms/arm-state.ts";
import { backingIn } from "../arms/external-arm.ts";
import { kserveHindrance } from "../arms/inference-service-arm.ts";
import type { Facts } from "../facts.ts";
import { neverPasses } from "../gates/never-passes.ts";
import type { Observed } from "../observed.ts";
import { routeKindOf } from "../route-kind-of.ts";
import { heldWords } from "./contest.ts";
import { modelHindrance, passedOverWords } from "./model-standing.ts";
import { withRefusals } from "./refusals.ts";
import { routeHindrance } from "./route-standing.ts";
import { podsKept, podsOf, runStand, startingPodsOf } from "./run-standing.ts";
import { selectionStand } from "./selection-standing.ts";
import type { Phase, Stand } from "./stand.ts";

export function standOf(facts: Facts, lastRun: LastRun | undefined): Stand {
  return withRefusals(facts, standByRules(facts, lastRun));
}

function standByRules(facts: Facts, lastRun: LastRun | undefined): Stand {
  const { run, observed } = facts;
  const { spec } = observed.canary;
  const hindrance = routeHindrance(observed) ?? kserveHindrance(observed, run.stable);
  if (hindrance !== undefined) return stalled(hindrance.reason, hindrance.message);
  const unusable = modelHindrance(facts);
  if (unusable !== undefined) return stalled(unusable.reason, unusable.message);
  if (run.stable !== undefined && run.candidate !== undefined) {
    const stand = runStand(facts, run.stable, run.candidate);
    const never = neverPasses(observed.canary);
    const words = never === undefined ? "" : `. From now on ${never}`;
    return { ...stand, message: `${stand.message}${words}${passedOverWords(facts)}` };
  }
  const never = run.stable === undefined ? undefined : neverPasses(observed.canary);
  if (never !== undefined)
    return stalled("GatesOutOfReach", `${never}. No run begins by them, and ${run.stable} goes on serving`);
  if (run.stable !== undefined && facts.selection !== undefined && run.blocked === undefined)
    return selectionStand(facts, run.stable, facts.selection);
  const { workloadRef } = spec.serving;
  if (observed.template === undefined && workloadRef !== undefined) {
    const { kind, name } = workloadRef;
    const rest = run.stable === undefined ? "" : `; ${run.stable} goes on serving`;
    return stalled("WorkloadNotFound", `There is no ${kind} ${name} in this namespace to make arms from${rest}`);
  }
  if (run.stable !== undefined && run.target === undefined && run.contenders === undefined)
    return sameServiceStand(facts, run.stable);
  if (run.stable !== undefined) {
    const stand = contestedStand(facts, run.stable) ?? idleStand(facts, run.stable, lastRun);
    return { ...stand, message: `${stand.message}${heldByKServe(observed, run.stable)}` };
  }
  const first = run.target?.revision ?? "";
  return inProgress(
    "Progressing",
    "FirstRevision",
    `Waiting for the first revision ${first}: ${startingPodsOf(observed, first)}`,
  );
}

/** Nobody is judged, and who serves is not the canary's to say. */
function contestedStand(facts: Facts, stable: string): Stand | undefined {
  const words = heldWords(facts);
  if (words === undefined) return undefined;
  const message = `Revision ${stable} is stable. ${words}`;
  return { phase: "Paused", standing: "NotReady", reason: "RouteContested", message };
}

/** What is behind the Service that serves is said to be something else. */
function sameServiceStand({ observed }: Facts, stable: string): Stand {
  const service = servedBy(observed, stable);
  const remedy = "put the new one behind another Service, and name that as serving.external.candidate";
  return stalled(
    "SameService",
    `Revision ${stable} serves all requests through Service ${service}, for which Git names another digest or port: ${remedy}`,
  );
}

/** After a promotion Git still has the roles of before. */
function nextStepOf(observed: Observed, stable: string): string {
  const { external } = observed.canary.spec.serving;
  const service = servedBy(observed, stable);
  if (external === undefined || service === undefined || external.stable.service === service) return "";
  return `. Git still calls Service ${external.stable.service} stable: name ${service} there before the next candidate`;
}

function servedBy({ records }: Observed, revision: string): string | undefined {
  const record = records.get(revision);
  return record !== undefined && "service" in record ? record.service : undefined;
}

/** Nothing is being judged. */
function idleStand({ observed, run }: Facts, stable: string, lastRun: LastRun | undefined): Stand {
  const serves = `Revision ${stable} serves all requests`;
  const left = [...observed.arms.values()].filter((arm) => !isGone(arm));
  const isPromoted = lastRun?.outcome === "Promoted" && lastRun.revision === stable;
  const isRetiring = left.length > 1 || observed.route?.slots?.every(({ weight }) => weight !== WHOLE);
  if (isPromoted && isRetiring)
    return inProgress(
      "Promoting",
      "Retiring",
      `${serves}; the pods of the revision before it are being removed${podsKept(observed)}`,
    );
  if (observed.route === undefined)
    return inProgress(
      "Progressing",
      "RouteMissing",
      `${serves}; its ${routeKindOf(observed.canary).kind} is gone and is being made again`,
    );
  if (observed.route.unserved !== undefined)
    return inProgress("Progressing", "RouteNotServed", `${serves} that come, but ${observed.route.unserved}`);
  const record = observed.records.get(stable);
  const backing = record !== undefined && "service" in record ? backingIn(observed, record, stable) : undefined;
  if (typeof backing === "string") return inProgress("Progressing", "StableNotReady", `${serves}, but ${backing}`);
  if (!isComplete(observed.arms.get(stable) ?? {}))
    return inProgress("Progressing", "StableNotReady", `${serves}, but ${podsOf(observed, stable)}`);
  if (run.blocked !== undefined) return blockedStand(`${serves}${nobodyLeft(run)}`, run.blocked, lastRun);
  if (run.target !== undefined && run.target.revision !== stable) {
    const message = `${serves}; revision ${run.target.revision} waits while spec.suspend is true`;
    return { phase: "Paused", standing: "NotReady", reason: "Suspended", message };
  }
  const [phase, reason] = isPromoted ? (["Promoted", "Promoted"] as const) : (["Idle", "Serving"] as const);
  const message = `${serves}${unjudged({ observed, run }, stable)}${nextStepOf(observed, stable)}`;
  return { phase, standing: "Ready", reason, message };
}

/** What is left of a run that is over, and holds up nothing. */
function heldByKServe({ arms }: Observed, stable: string): string {
  const held = [...arms].flatMap(([revision, { inferenceService }]) =>
    inferenceService?.terminating && revision !== stable ? [inferenceService.object.metadata.name] : [],
  );
  return held.length === 0
    ? ""
    : `. KServe has not let go of InferenceService ${held.join(", ")}: see whether its controller runs`;
}

/** Of several models; what was found against each is in status.contenders. */
function nobodyLeft({ contenders }: Facts["run"]): string {
  if (contenders === undefined) return ".";
  return `, and none of ${contenders.map(({ name }) => name).join(", ")} is left to choose from. Of the last one:`;
}

function unjudged({ observed, run }: Pick<Facts, "observed" | "run">, stable: string): string {
  if (observed.records.get(stable)?.verdict === "Promoted") return "";
  return run.stableDigest !== undefined
    ? "; no gate has judged it"
    : "; no gate has judged it, and it is Unverified: the workload's model variable does not end in a digest";
}

function blockedStand(
  serves: string,
  blocked: NonNullable<Facts["run"]["blocked"]>,
  lastRun: LastRun | undefined,
): Stand {
  const retry = `Ask for another model, or annotate the canary with dpo.dev/retry=${lastRun?.revision ?? "<revision>"}`;
  const message = `${serves} ${lastRun?.message ?? `What Git asks for was ${blocked.toLowerCase()}`}. ${retry}`;
  if (blocked === "Failed") return stalled("CandidateFailed", message);
  return { phase: "RolledBack", standing: "Stalled", reason: "RolledBack", message };
}

function stalled(reason: string, message: string): Stand {
  return { phase: "Stalled", standing: "Stalled", reason, message };
}

function inProgress(phase: Phase, reason: string, message: string): Stand {
  return { phase, standing: "InProgress", reason, message };
}
