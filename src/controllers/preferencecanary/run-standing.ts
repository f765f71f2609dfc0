import { ANNOTATION } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import type { Facts, Hold } from "./facts.ts";
import type { Arm, Observed } from "./observed.ts";
import { readOrders } from "./orders.ts";
import type { Candidate } from "./run.ts";
import type { Phase, Stand } from "./stand.ts";
import { describeProgress, WATCH } from "./steps.ts";
import type { Wait } from "./waits.ts";

/** A candidate is being judged, or taken back. */
export function runStand(facts: Facts, stable: string, candidate: Candidate): Stand {
  const { gates, rejection, isPromotable, hold, waits } = facts;
  const { revision, state } = candidate;
  const words = gates.map(({ name, message }) => `${name}: ${message}`).join("; ");
  if (state !== "Running" || rejection !== undefined) return takenBack(facts.observed, stable, candidate, rejection);
  if (isPromotable)
    return inProgress("Promoting", "GatesPassed", `Giving candidate ${revision} the whole weight. ${words}`);
  const message = `Candidate ${revision} is ${where(facts, revision)}${unsampled(facts.observed)}. ${words}`;
  if (hold !== undefined) return held(facts, hold, revision, message);
  if (facts.progress?.step.name === WATCH) return inProgress("Promoting", "Watching", message);
  const only = (type: Wait["type"]) => waits.length > 0 && waits.every((wait) => wait.type === type);
  if (only("Approval")) return inProgress("AwaitingApproval", "AwaitingApproval", message);
  return inProgress("Progressing", only("Window") ? "WindowClosed" : "InStep", message);
}

const HOLD_REASON: Readonly<Record<Hold, string>> = {
  Suspended: "Suspended",
  Paused: "Paused",
  DeadlineExceeded: "DeadlineExceeded",
  Mismatch: "Mismatch",
  NoData: "NoData",
  Shifting: "Shifting",
  Unread: "ReadingEvidence",
  NotReady: "CandidateNotReady",
};

function held({ observed: { canary } }: Facts, hold: Hold, revision: string, message: string): Stand {
  const reason = HOLD_REASON[hold];
  const until = untilWords(hold, canary, revision);
  if (until === undefined) return inProgress("Progressing", reason, message);
  return { phase: "Paused", standing: "NotReady", reason, message: `It stays there ${until}. ${message}` };
}

/** What somebody has to do before it goes on; undefined where it goes on by itself. */
function untilWords(hold: Hold, canary: PreferenceCanary, revision: string): string | undefined {
  switch (hold) {
    case "Suspended":
      return "while spec.suspend is true";
    case "Paused":
      return `as long as the canary is annotated with ${readOrders(canary, revision).describe("pause")}`;
    case "DeadlineExceeded":
      return `for an order, ${ANNOTATION.promote} or ${ANNOTATION.rollback}: it was not promoted within spec.deadline, ${canary.spec.deadline}`;
    case "Mismatch":
      return `for an order, ${ANNOTATION.promote} or ${ANNOTATION.rollback}: the ratings are not split as the weights are, so the evidence is not trusted`;
    default:
      return undefined;
  }
}

function where({ observed, progress, waits, hold }: Facts, revision: string): string {
  if (progress === undefined) return `starting: ${podsOf(observed, revision)}`;
  const waiting =
    hold === undefined && waits.length > 0 ? `, and waits ${waits.map(({ words }) => words).join(" and ")}` : "";
  return `${describeProgress(progress)}${waiting}`;
}

/** Without requests, a sampler or the judge that is asked for there will be no comparison, however long somebody waits. */
function unsampled({ canary, sampler, judge, route }: Observed): string {
  if (route?.unserved !== undefined) return `; ${route.unserved}`;
  const isUp = ({ deployment }: Arm) => (deployment?.available ?? 0) > 0;
  if (!isUp(sampler)) return "; no pod of the sampler is ready, so nothing is compared";
  const isMissed = canary.spec.evidence.comparisons.raters?.judge !== undefined && !isUp(judge);
  return isMissed ? "; no pod of the judge is ready, so nothing is judged" : "";
}

function takenBack(
  { route, records }: Observed,
  stable: string,
  { revision, state }: Candidate,
  now: string | undefined,
): Stand {
  const written = route?.rejected?.revision === revision ? route.rejected.reason : undefined;
  const reason = written ?? records.get(revision)?.reason ?? now;
  const back = `Taking candidate ${revision} back, ${stable} serves`;
  if (state === "Superseded") return inProgress("Progressing", state, `${back}: Git asks for something else`);
  if (state === "Failed") return inProgress("Progressing", state, `${back}: ${reason}`);
  return inProgress("RollingBack", "Rejected", `${back}. ${reason}`);
}

/** "1 of 4 pods are ready" */
export function podsOf({ arms, canary }: Observed, revision: string): string {
  return `${arms.get(revision)?.deployment?.available ?? 0} of ${canary.spec.replicas} pods are ready`;
}

function inProgress(phase: Phase, reason: string, message: string): Stand {
  return { phase, standing: "InProgress", reason, message };
}
