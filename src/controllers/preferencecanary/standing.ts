import type { NewCondition } from "../../runtime/conditions.ts";
import { WHOLE } from "../../traffic/slots.ts";
import { type Standing, standingConditions } from "../kstatus.ts";
import type { Facts, Hold } from "./facts.ts";
import type { LastRun } from "./last-run.ts";
import { describeProgress } from "./steps.ts";

/** Where the canary stands, in one word for the printer column and in a sentence for whoever is on call. */
export interface Stand {
  readonly phase:
    | "Idle"
    | "Progressing"
    | "Paused"
    | "Promoting"
    | "Promoted"
    | "RollingBack"
    | "RolledBack"
    | "Stalled";
  readonly standing: Standing;
  /** CamelCase. */
  readonly reason: string;
  readonly message: string;
}

export function standOf(facts: Facts, lastRun: LastRun | undefined): Stand {
  const { run, observed } = facts;
  const { workloadRef } = observed.canary.spec.serving;
  if (observed.route?.isOurs === false) {
    const message = `An HTTPRoute named ${observed.canary.metadata.name} stands in the way that is not of this operator: delete it, or name the canary differently`;
    return { phase: "Stalled", standing: "Stalled", reason: "RouteTaken", message };
  }
  if (run.stable !== undefined && run.candidate !== undefined) return ofRun(facts, run.stable, run.candidate);
  if (observed.template === undefined) {
    const message = `There is no ${workloadRef.kind} ${workloadRef.name} in this namespace to make arms from${run.stable ? `; ${run.stable} goes on serving` : ""}`;
    return { phase: "Stalled", standing: "Stalled", reason: "WorkloadNotFound", message };
  }
  if (run.stable === undefined) return ofFirst(facts);
  return ofNoRun(facts, run.stable, lastRun);
}

export function standConditions({ standing, reason, message }: Stand, generation: number): NewCondition[] {
  return standingConditions(standing, reason, message, generation);
}

function ofFirst({ observed, run: { target } }: Facts): Stand {
  const available = (target && observed.arms.get(target.revision)?.deployment?.available) ?? 0;
  const message = `Waiting for the first revision ${target?.revision ?? ""}: ${available} of ${observed.canary.spec.replicas} pods are ready`;
  return { phase: "Progressing", standing: "InProgress", reason: "FirstRevision", message };
}

function ofRun(facts: Facts, stable: string, candidate: NonNullable<Facts["run"]["candidate"]>): Stand {
  const { gates, verdict, isPromotable, hold, observed, now, progress } = facts;
  const { revision, state } = candidate;
  const inProgress = (phase: Stand["phase"], reason: string, message: string): Stand => {
    return { phase, standing: "InProgress", reason, message };
  };
  const words = gates.map(({ name, message }) => `${name}: ${message}`).join("; ");
  if (state === "Rejected" || (state === "Running" && verdict === "Fail")) {
    const why = observed.route?.rejected?.reason ?? words;
    return inProgress("RollingBack", "GateFailed", `Taking candidate ${revision} back, ${stable} serves. ${why}`);
  }
  if (state === "Failed" || state === "Superseded") {
    const why = state === "Failed" ? (observed.records.get(revision)?.reason ?? "") : "Git asks for something else";
    return inProgress("Progressing", state, `Taking candidate ${revision} back, ${stable} serves: ${why}`);
  }
  if (isPromotable)
    return inProgress("Promoting", "GatesPassed", `Giving candidate ${revision} the whole weight. ${words}`);
  const where = progress ? describeProgress(progress, now) : `starting: ${pods(facts, revision)}`;
  if (hold === "Suspended") {
    const message = `Candidate ${revision} is ${where} and stays there while spec.suspend is true. ${words}`;
    return { phase: "Paused", standing: "NotReady", reason: "Suspended", message };
  }
  return inProgress(
    "Progressing",
    hold === undefined ? "InStep" : HOLD_REASON[hold],
    `Candidate ${revision} is ${where}. ${words}`,
  );
}

const HOLD_REASON: Readonly<Record<Exclude<Hold, "Suspended">, string>> = {
  NoData: "NoData",
  Unread: "ReadingEvidence",
  NotReady: "CandidateNotReady",
};

function pods({ observed }: Facts, revision: string): string {
  const { deployment } = observed.arms.get(revision) ?? {};
  return `${deployment?.available ?? 0} of ${observed.canary.spec.replicas} pods are ready`;
}

function ofNoRun({ observed, run }: Facts, stable: string, lastRun: LastRun | undefined): Stand {
  const serves = `Revision ${stable} serves all requests`;
  const isRetiring = observed.arms.size > 1 || observed.route?.slots?.every(({ weight }) => weight !== WHOLE);
  if (lastRun?.outcome === "Promoted" && lastRun.revision === stable && isRetiring) {
    const message = `${serves}; the pods of the revision before it are being removed`;
    return { phase: "Promoting", standing: "InProgress", reason: "Retiring", message };
  }
  if (run.blocked !== undefined) return ofBlocked(serves, run.blocked, lastRun);
  if (run.target !== undefined && run.target.revision !== stable) {
    const message = `${serves}; revision ${run.target.revision} waits while spec.suspend is true`;
    return { phase: "Paused", standing: "NotReady", reason: "Suspended", message };
  }
  if (observed.route === undefined) {
    const message = `${serves}; its HTTPRoute is gone and is being made again`;
    return { phase: "Progressing", standing: "InProgress", reason: "RouteMissing", message };
  }
  const isPromoted = lastRun?.outcome === "Promoted" && lastRun.revision === stable;
  const judged = isPromoted ? "" : unjudged(run.stableDigest !== undefined);
  return {
    phase: isPromoted ? "Promoted" : "Idle",
    standing: "Ready",
    reason: isPromoted ? "Promoted" : "Serving",
    message: `${serves}${judged}`,
  };
}

function unjudged(isVerified: boolean): string {
  return isVerified
    ? "; no gate has judged it"
    : "; no gate has judged it, and it is Unverified: the workload's model variable does not end in a digest";
}

function ofBlocked(serves: string, blocked: NonNullable<Facts["run"]["blocked"]>, lastRun: LastRun | undefined): Stand {
  const retry = `Ask for another model, or annotate the canary with dpo.dev/retry=${lastRun?.revision ?? "<revision>"}`;
  const message = `${serves}. ${lastRun?.message ?? `What Git asks for was ${blocked.toLowerCase()}`}. ${retry}`;
  return blocked === "Rejected"
    ? { phase: "RolledBack", standing: "Stalled", reason: "RolledBack", message }
    : { phase: "Stalled", standing: "Stalled", reason: "CandidateFailed", message };
}
