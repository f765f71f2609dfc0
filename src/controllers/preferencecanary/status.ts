import { CONDITION } from "../../api/v1alpha1/condition-types.ts";
import { LABEL } from "../../api/v1alpha1/metadata.ts";
import type { PreferenceCanaryStatus } from "../../api/v1alpha1/preference-canary.ts";
import { findCondition, type NewCondition, setConditions } from "../../runtime/conditions.ts";
import { ALMOST_WHOLE, percentOf, weightIn } from "../../traffic/slots.ts";
import { standingConditions } from "../kstatus.ts";
import { endedRuns } from "./archive/ended-runs.ts";
import { type LastRun, lastRunOf } from "./archive/last-run.ts";
import type { Facts } from "./facts.ts";
import type { GateStatus } from "./gates/gates.ts";
import { endedContenders } from "./selection/contender-endings.ts";
import { contendersOf, lastOf } from "./selection/contender-status.ts";
import { leaderOf, type Selection } from "./selection/selection.ts";
import { foreignWriteOf, routeContested } from "./standing/contest.ts";
import { podsWaiting } from "./standing/pods-waiting.ts";
import { writeRefused } from "./standing/refusals.ts";
import { standOf } from "./standing/standing.ts";
import { revisionsOf } from "./standing/status-revisions.ts";

/** The whole status, from what was seen and what follows from it. */
export function status(facts: Facts, now: Date): PreferenceCanaryStatus {
  const { canary } = facts.observed;
  const { generation } = canary.metadata;
  const previous = canary.status?.conditions ?? [];
  const contenders = endedContenders(facts, now);
  const lastRun = lastOf(contenders) ?? lastRunOf(facts, now);
  const stand = standOf(facts, lastRun);
  const isFirst = previous.length === 0;
  const { standing, reason, message } = isFirst ? SEEN : stand;
  const kstatus = standingConditions(standing, reason, message, generation);
  return {
    observedGeneration: generation,
    phase: isFirst ? "Progressing" : stand.phase,
    ...revisionsOf(facts),
    ...scale(facts),
    ...contendersOf(facts),
    ...progress(facts),
    ...foreignWriteOf(facts),
    ...(facts.exposure && { exposure: facts.exposure.kept }),
    ...gates(facts),
    ...endedRuns(facts, lastRun, contenders),
    conditions: [...setConditions(previous, [...kstatus, ...runConditions(facts, lastRun, generation)], now)],
  };
}

/** kstatus takes an object without conditions for finished; one that was only just seen is not. */
const SEEN = {
  standing: "InProgress",
  reason: "Started",
  message: "The operator has begun to look after this canary",
} as const;

/**
 * What an autoscaler makes of it is to be enough for stable to serve everything: it divides what all selected pods use by what one
 * of them should, so those of both arms are selected while both serve. Counted are the pods of one that has all of them.
 */
function scale({ observed, run, progress: at }: Facts): Pick<PreferenceCanaryStatus, "replicas" | "selector"> {
  const { stable, candidate } = run;
  const guest =
    candidate?.state === "Running" && at !== undefined && at.step.weight > 0 ? candidate.revision : undefined;
  const { slots } = observed.route ?? {};
  const isAlone = guest !== undefined && slots !== undefined && weightIn(slots, guest) === ALMOST_WHOLE;
  const whole = isAlone ? guest : stable;
  const { deployment, inferenceService } = (whole !== undefined && observed.arms.get(whole)) || {};
  // KServe scales what it has made: an autoscaler of the canary would do nothing, and is told so.
  if (whole === undefined || deployment === undefined || inferenceService !== undefined) return {};
  const of = guest === undefined || isAlone ? `=${whole}` : ` in (${whole},${guest})`;
  const selector = `${LABEL.canary}=${observed.canary.metadata.name},${LABEL.revision}${of}`;
  return { replicas: deployment.object.status?.replicas ?? 0, selector };
}

function progress(facts: Facts): Pick<PreferenceCanaryStatus, "weights" | "step"> {
  const { progress: at, isPromotable, rejection, selection } = facts;
  if (selection !== undefined && facts.run.blocked === undefined) return beforeSteps(facts, selection);
  if (at === undefined) return {};
  const { step, index, of, since } = at;
  const desired = rejection !== undefined ? 0 : isPromotable ? 100 : step.weight;
  const verified = verifiedWeight(facts);
  return {
    weights: { desired, ...(verified !== undefined && { verified }), ...(since && { since: since.toISOString() }) },
    step: { name: step.name, index, of },
  };
}

function beforeSteps({ observed }: Facts, { contenders }: Selection): Pick<PreferenceCanaryStatus, "weights" | "step"> {
  const left = contenders.filter(({ out }) => out === undefined).length;
  const { steps } = observed.canary.spec;
  return {
    weights: { desired: 0 },
    step: { name: `selection ${left}/${contenders.length} left`, index: 0, of: steps.length },
  };
}

/** What answers last showed; nothing where nobody can be asked. */
function verifiedWeight({ observed: { canary, route }, run }: Facts): number | undefined {
  const { candidate, weights } = canary.status ?? {};
  if (route?.slots === undefined || run.candidate === undefined) return undefined;
  if (route.live.isVerified) return percentOf(weightIn(route.slots, run.candidate.revision));
  const isOnItsWay = route.live.inMs === undefined && candidate?.revision === run.candidate.revision;
  return isOnItsWay ? weights?.verified : undefined;
}

function gates(facts: Facts): Pick<PreferenceCanaryStatus, "gates"> {
  const shown = shownGates(facts);
  return shown.length > 0 ? { gates: [...shown] } : {};
}

/** Those of the last run stay until another begins; in a selection those of whoever is best by now. */
function shownGates({ observed, gates: current, selection }: Facts): readonly GateStatus[] {
  const { contenders = [] } = selection ?? {};
  const left = contenders.filter(({ out }) => out === undefined);
  const leader = leaderOf(left.length > 0 ? left : contenders);
  if (leader !== undefined) return leader.gates;
  return current.length > 0 ? current : (observed.canary.status?.gates ?? []);
}

function runConditions(facts: Facts, lastRun: LastRun | undefined, observedGeneration: number): NewCondition[] {
  const { run, verdict, gates: current } = facts;
  const isBack =
    lastRun?.outcome === "RolledBack" &&
    run.candidate?.state !== "Running" &&
    run.stable !== lastRun.revision &&
    (run.contenders === undefined || run.blocked !== undefined);
  const words = current.map(({ name, message }) => `${name}: ${message}`).join("; ");
  return [
    {
      type: CONDITION.gatesPassed,
      status: verdict === "Pass" ? "True" : "False",
      reason: verdict ?? "NoCandidate",
      message: verdict === undefined ? "There is no candidate" : words,
      observedGeneration,
    },
    gatesChanged(shownGates(facts), observedGeneration),
    ...outOfReach(facts, observedGeneration),
    ...routeContested(facts, observedGeneration),
    ...writeRefused(facts, observedGeneration),
    ...podsWaiting(facts, observedGeneration),
    {
      type: CONDITION.rolledBack,
      status: isBack ? "True" : "False",
      reason: isBack ? "RolledBack" : "NotRolledBack",
      message: isBack ? lastRun.message : "The last run was not taken back",
      observedGeneration,
    },
  ];
}

/** The error rates are promised for numbers fixed before the first comparison. */
function gatesChanged(shown: readonly GateStatus[], observedGeneration: number): NewCondition {
  const changed = shown.filter(({ changedFrom }) => changedFrom !== undefined);
  const words = changed.map(({ name, changedFrom, numbers }) => `${name}: ${changedFrom}; now ${numbers}`);
  return {
    type: CONDITION.gatesChanged,
    status: changed.length > 0 ? "True" : "False",
    reason: changed.length > 0 ? "NumbersChanged" : "NotChanged",
    message:
      changed.length > 0
        ? `The promised error rates do not hold for this run: its numbers were changed after evidence had come. At first ${words.join("; ")}`
        : "No gate's numbers have changed since the first piece of evidence of this run",
    observedGeneration,
  };
}

/** Most canaries never need to hear of it. While the evidence is out of sight, what was known of it stands. */
function outOfReach({ outOfReach: words, gates, observed }: Facts, observedGeneration: number): NewCondition[] {
  const type = CONDITION.outOfReach;
  if (words !== undefined)
    return [{ type, status: "True", reason: "TooFewChecks", message: words, observedGeneration }];
  const before = findCondition(observed.canary.status?.conditions, type);
  if (before === undefined) return [];
  const { verdict, samples = 0 } = gates.find(({ name }) => name === "safety") ?? {};
  if (verdict === "NoData" && samples > 0) return [{ ...before, observedGeneration }];
  const message = "No gate is known to need longer than spec.deadline";
  return [{ type, status: "False", reason: "NotOutOfReach", message, observedGeneration }];
}

/**
 * How soon somebody wants to read it. `Now`: what has happened to the run. `Soon`: what the gates and the conditions say.
 * `InTurn`: numbers and words.
 */
export type Urgency = "Now" | "Soon" | "InTurn";

export function urgency(before: PreferenceCanaryStatus | undefined, after: PreferenceCanaryStatus): Urgency {
  if (!isSame(happenings(before), happenings(after))) return "Now";
  return isSame(tidings(before), tidings(after)) ? "InTurn" : "Soon";
}

function happenings(status: PreferenceCanaryStatus | undefined) {
  return {
    generation: status?.observedGeneration,
    phase: status?.phase,
    stable: status?.stable?.revision,
    candidate: status?.candidate?.revision,
    weights: [status?.weights?.desired, status?.weights?.verified, status?.weights?.since],
    step: status?.step?.name,
    contenders: status?.contenders?.map(({ revision, state }) => [revision, state]),
    lastRun: [status?.lastRun?.revision, status?.lastRun?.outcome, status?.lastRun?.time],
    // Of it only the pass that has undone it knows.
    contested: findCondition(status?.conditions, CONDITION.routeContested)?.message,
  };
}

function tidings(status: PreferenceCanaryStatus | undefined) {
  return {
    verdicts: status?.gates?.map(verdictOf),
    contenders: status?.contenders?.map(({ gates }) => gates.map(verdictOf)),
    conditions: status?.conditions?.map(({ type, status: value, reason }) => `${type}=${value} ${reason}`).toSorted(),
  };
}

function verdictOf({ name, verdict }: GateStatus): readonly string[] {
  return [name, verdict];
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
