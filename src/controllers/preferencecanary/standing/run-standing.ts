import { ANNOTATION } from "../../../api/v1alpha1/metadata.ts";
import type { PreferenceCanary } from "../../../api/v1alpha1/preference-canary.ts";
import { timestamp } from "../../../runtime/conditions.ts";
import { LIVE_MS } from "../../../traffic/liveness.ts";
import { isComplete, podsIn, podsRefused } from "../arms/arm-state.ts";
import { backingIn, type External, externalInputs } from "../arms/external-arm.ts";
import { canCarry } from "../arms/pods.ts";
import { readyBy } from "../arms/ready-within.ts";
import { revisionOf } from "../arms/revision.ts";
import { coldReason } from "../arms/warm-up.ts";
import { whyNotReady } from "../arms/why-not-ready.ts";
import { silentFrom } from "../evidence/silence.ts";
import type { Facts } from "../facts.ts";
import type { Arm, Observed } from "../observed.ts";
import type { Hold } from "../run/hold.ts";
import { readOrders } from "../run/orders.ts";
import type { Candidate } from "../run/run.ts";
import { describeProgress, WATCH } from "../run/steps.ts";
import type { Wait } from "../run/waits.ts";
import { untilUndone } from "./contest.ts";
import { GATES_PASSED, type Phase, SCALING_UP, type Stand } from "./stand.ts";

/** A candidate is being judged, or taken back. */
export function runStand(facts: Facts, stable: string, candidate: Candidate): Stand {
  const { gates, rejection, isPromotable, hold, waits } = facts;
  const { revision, state } = candidate;
  const words = gates.map(({ name, message }) => `${name}: ${message}`).join("; ");
  if (state !== "Running" || rejection !== undefined) return takenBack(facts, stable, candidate);
  if (isPromotable)
    return inProgress(
      "Promoting",
      GATES_PASSED,
      `Giving candidate ${revision} the whole weight${oncePods(facts, revision)}. ${words}`,
    );
  const { observed } = facts;
  const message = `Candidate ${revision} is ${where(facts, revision)}${unsampled(observed)}. ${words}${unverified(observed)}`;
  if (hold !== undefined) return held(facts, hold, revision, message);
  if (facts.progress?.step.name === WATCH) return inProgress("Promoting", "Watching", message);
  const only = (type: Wait["type"]) => waits.length > 0 && waits.every((wait) => wait.type === type);
  if (only("Approval")) return inProgress("AwaitingApproval", "AwaitingApproval", message);
  if (only("Pods")) return inProgress("Progressing", SCALING_UP, message);
  const isClosed =
    waits.some(({ type }) => type === "Window") && waits.every(({ type }) => ["Window", "Pods"].includes(type));
  return inProgress("Progressing", isClosed ? "WindowClosed" : "InStep", message);
}

const HOLD_REASON: Readonly<Record<Hold, string>> = {
  Suspended: "Suspended",
  Paused: "Paused",
  RouteContested: "RouteContested",
  DeadlineExceeded: "DeadlineExceeded",
  Mismatch: "Mismatch",
  NoData: "NoData",
  Shifting: "Shifting",
  Unread: "ReadingEvidence",
  RouteNotServed: "RouteNotServed",
  NotReady: "CandidateNotReady",
};

function held(facts: Facts, hold: Hold, revision: string, message: string): Stand {
  const { canary, arms } = facts.observed;
  const isUnschedulable = hold === "NotReady" && arms.get(revision)?.podProblem?.reason === "Unschedulable";
  const reason = isUnschedulable ? "CandidateUnschedulable" : HOLD_REASON[hold];
  const until = hold === "RouteContested" ? heldByRoute(facts) : untilWords(hold, canary, revision);
  if (until === undefined) return inProgress("Progressing", reason, `${message}${unlessHeard(facts)}`);
  return { phase: "Paused", standing: "NotReady", reason, message: `It stays there ${until}. ${message}` };
}

/** What comes of it when a gate goes on hearing nothing. */
function unlessHeard({ observed: { canary }, gates, silence, hold }: Facts): string {
  if (hold !== "NoData") return "";
  const { after, do: what } = canary.spec.onNoData;
  if (what === "Hold") return ". It stays there until evidence comes (spec.onNoData.do is Hold)";
  const silent = gates.filter(({ verdict }) => verdict === "NoData").flatMap((gate) => silentFrom(gate, silence) ?? []);
  const first = silent.toSorted((one, other) => one.getTime() - other.getTime())[0];
  if (first === undefined) return "";
  return `. It is taken back at ${timestamp(first)}, ${after} after the last evidence that came, unless more does (spec.onNoData.do is Rollback)`;
}

/** What differs, and who has written that, is in the condition. */
function heldByRoute({ observed: { route } }: Facts): string | undefined {
  return route && `while the route says what somebody else has written (RouteContested), ${untilUndone(route)}`;
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

function where(facts: Facts, revision: string): string {
  const { observed, progress, waits, hold } = facts;
  if (progress === undefined) return `starting: ${startingPodsOf(observed, revision)}${lateWords(facts, revision)}`;
  if (hold === "NotReady" && observed.arms.get(revision)?.deployment !== undefined)
    return `${describeProgress(progress)}, but ${podsOf(observed, revision)}`;
  if (hold !== undefined || waits.length === 0) return describeProgress(progress);
  const pods = waits.some(({ type }) => type === "Pods") ? `: ${podsOf(observed, revision)}` : "";
  return `${describeProgress(progress)}, and waits ${waits.map(({ words }) => words).join(" and ")}${pods}`;
}

/** An order promotes a candidate that may have pods for its step alone. */
function oncePods({ observed }: Facts, revision: string): string {
  const arm = observed.arms.get(revision) ?? {};
  return canCarry(arm, observed.canary, 100) ? "" : ` once all its pods are ready: ${podsOf(observed, revision)}`;
}

/** Without requests, a sampler or the judge that is asked for there will be no comparison, however long somebody waits. */
export function unsampled({ canary, sampler, judge, route }: Observed): string {
  if (route?.unserved !== undefined) return `; ${route.unserved}`;
  const isUp = ({ deployment }: Arm) => (deployment?.available ?? 0) > 0;
  if (!isUp(sampler)) return `; no pod of the sampler is ready, so nothing is compared${becauseOf(sampler)}`;
  const isMissed = canary.spec.evidence.comparisons.raters?.judge !== undefined && !isUp(judge);
  return isMissed ? `; no pod of the judge is ready, so nothing is judged${becauseOf(judge)}` : "";
}

function becauseOf(helper: Arm): string {
  const refused = podsRefused(helper);
  if (refused !== undefined) return `: the API server does not take it: ${refused}`;
  const why = whyNotReady(helper);
  return why === undefined ? "" : `: ${why}`;
}

/** Of a weight that nobody can ask for. */
function unverified({ route }: Observed): string {
  if (route === undefined || route.unserved !== undefined) return "";
  const { isVerified, inMs, problem } = route.live;
  if (isVerified || inMs === undefined || problem === undefined) return "";
  return `. A weight counts as live ${LIVE_MS / 1000} s after it is stored, as nobody can be asked: ${problem}`;
}

/** While a gateway that can be asked has not heard of the weights that stand, an arm that has none is not removed. */
export function podsKept({ route }: Observed): string {
  if (route?.live.inMs !== undefined || route?.live.problem === undefined) return "";
  return `. Its pods stay while requests may still be sent to them: ${route.live.problem}`;
}

function takenBack(facts: Facts, stable: string, candidate: Candidate): Stand {
  const { revision, state } = candidate;
  const kept = podsKept(facts.observed);
  const reason = whyTakenBack(facts, candidate);
  const back = `Taking candidate ${revision} back, ${stable} serves`;
  if (state === "Superseded" || state === "Failed")
    return inProgress("Progressing", state, `${back}: ${reason}${kept}`);
  return inProgress("RollingBack", "Rejected", `${back}. ${reason}${kept}`);
}

/** In words; undefined of a candidate that is on its way. */
export function whyTakenBack(
  { observed: { route, records }, rejection }: Facts,
  { revision, state }: Candidate,
): string | undefined {
  if (state === "Superseded") return "Git asks for something else";
  const written = route?.rejected?.revision === revision ? route.rejected.reason : undefined;
  return written ?? records.get(revision)?.reason ?? rejection;
}

/** "1 of 4 pods are ready", with what is said of the others. */
export function podsOf({ arms, canary }: Observed, revision: string): string {
  const arm = arms.get(revision) ?? {};
  const refused = podsRefused(arm);
  const why = refused === undefined ? whyNotReady(arm) : `the API server does not take another: ${refused}`;
  return `${podsIn(arm, canary)} are ready${why === undefined ? "" : `, and ${why}`}`;
}

/** The same of an arm that gets no request yet, with what is missing once they are. */
export function startingPodsOf(observed: Observed, revision: string): string {
  const { external } = observed.canary.spec.serving;
  if (external !== undefined) return startingServiceOf(observed, revision, external);
  const isReady = isComplete(observed.arms.get(revision) ?? {});
  const reason = isReady ? coldReason(observed, revision) : undefined;
  return `${podsOf(observed, revision)}${reason === undefined ? "" : `, but ${reason}`}`;
}

/** Of an arm that has yet to serve for the first time, and will not be waited for after that. */
export function lateWords({ observed, now }: Facts, revision: string): string {
  const by = readyBy(observed, revision, false, now);
  return by === undefined ? "" : `; it has failed if that is still so at ${timestamp(by)} (serving.readyWithin)`;
}

function startingServiceOf(observed: Observed, revision: string, { stable, candidate }: External): string {
  const wanted = [stable, candidate].flatMap((arm) => (arm ? [externalInputs(arm)] : []));
  const inputs = wanted.find((each) => revisionOf(each) === revision);
  if (inputs === undefined) return coldReason(observed, revision) ?? "it answers";
  const backing = backingIn(observed, inputs, observed.canary.status?.stable?.revision);
  if (typeof backing === "string") return backing;
  return `Service ${inputs.service}: ${coldReason(observed, revision) ?? "it answers"}`;
}

function inProgress(phase: Phase, reason: string, message: string): Stand {
  return { phase, standing: "InProgress", reason, message };
}
