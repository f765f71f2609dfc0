import type { Facts, Hold } from "./facts.ts";
import type { Observed } from "./observed.ts";
import type { Candidate } from "./run.ts";
import type { Phase, Stand } from "./stand.ts";
import { describeProgress } from "./steps.ts";

/** A candidate is being judged, or taken back. */
export function runStand(facts: Facts, stable: string, candidate: Candidate): Stand {
  const { gates, verdict, isPromotable, hold } = facts;
  const { revision, state } = candidate;
  const words = gates.map(({ name, message }) => `${name}: ${message}`).join("; ");
  if (state !== "Running" || verdict === "Fail") return takenBack(facts.observed, stable, candidate, words);
  if (isPromotable)
    return inProgress("Promoting", "GatesPassed", `Giving candidate ${revision} the whole weight. ${words}`);
  const message = `Candidate ${revision} is ${where(facts, revision)}${unsampled(facts.observed)}. ${words}`;
  if (hold !== "Suspended")
    return inProgress("Progressing", hold === undefined ? "InStep" : HOLD_REASON[hold], message);
  return {
    phase: "Paused",
    standing: "NotReady",
    reason: "Suspended",
    message: `It stays there while spec.suspend is true. ${message}`,
  };
}

const HOLD_REASON: Readonly<Record<Exclude<Hold, "Suspended">, string>> = {
  NoData: "NoData",
  Unread: "ReadingEvidence",
  NotReady: "CandidateNotReady",
};

function where({ observed, progress, now }: Facts, revision: string): string {
  return progress ? describeProgress(progress, now) : `starting: ${podsOf(observed, revision)}`;
}

/** Without requests or without a sampler there will be no comparison, however long somebody waits. */
function unsampled({ sampler, route }: Observed): string {
  if (route?.unserved !== undefined) return `; ${route.unserved}`;
  return (sampler.deployment?.available ?? 0) > 0 ? "" : "; no pod of the sampler is ready, so nothing is compared";
}

function takenBack({ route, records }: Observed, stable: string, { revision, state }: Candidate, words: string): Stand {
  const rejection = route?.rejected?.revision === revision ? route.rejected.reason : undefined;
  const reason = rejection ?? records.get(revision)?.reason;
  const back = `Taking candidate ${revision} back, ${stable} serves`;
  if (state === "Superseded") return inProgress("Progressing", state, `${back}: Git asks for something else`);
  if (state === "Failed") return inProgress("Progressing", state, `${back}: ${reason}`);
  return inProgress("RollingBack", "GateFailed", `${back}. ${reason ?? words}`);
}

/** "1 of 4 pods are ready" */
export function podsOf({ arms, canary }: Observed, revision: string): string {
  return `${arms.get(revision)?.deployment?.available ?? 0} of ${canary.spec.replicas} pods are ready`;
}

function inProgress(phase: Phase, reason: string, message: string): Stand {
  return { phase, standing: "InProgress", reason, message };
}
