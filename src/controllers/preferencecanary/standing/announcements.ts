import { CONDITION } from "../../../api/v1alpha1/condition-types.ts";
import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import type { Verdict } from "../../../gates/verdict.ts";
import type { EventNote } from "../../../kube/events.ts";
import { findCondition, isTrue } from "../../../runtime/conditions.ts";
import type { LastRun } from "../archive/last-run.ts";
import type { Effect } from "../effect.ts";
import { contestedWords } from "./contest.ts";

/** The Events that a change of status is worth. They are told after the write, so that they speak of what stands. */
export function announcements(
  before: PreferenceCanaryStatus | undefined,
  after: PreferenceCanaryStatus,
): readonly EventNote[] {
  return [
    ...firstRevision(before, after),
    ...selected(before, after),
    ...runEnded(before, after),
    ...runMoved(before, after),
    ...held(before, after),
    ...outOfReach(before, after),
    ...routeLeft(before, after),
    ...warned(CONDITION.writeRefused, "Write", before, after),
    ...warned(CONDITION.podsWaiting, "Schedule", before, after),
  ];
}

function firstRevision(before: PreferenceCanaryStatus | undefined, { stable }: PreferenceCanaryStatus): EventNote[] {
  if (stable === undefined || before?.stable !== undefined) return [];
  const note = `Revision ${stable.revision} serves all requests without having been judged: it is the first`;
  return [{ type: "Normal", reason: "FirstRevision", action: "Serve", note }];
}

function selected(before: PreferenceCanaryStatus | undefined, after: PreferenceCanaryStatus): EventNote[] {
  const [had = [], has = []] = [before?.contenders, after.contenders];
  const common = { type: "Normal", action: "Select" } as const;
  if (had.length === 0 && has.length > 0) {
    const names = has.map(({ name, revision }) => `${name} (${revision})`).join(", ");
    const against = has[0]?.gates.find(({ name }) => name === "winRate")?.against;
    const opponent = against === undefined ? after.stable?.revision : `baseline ${against}`;
    const note = `One is to be chosen by comparisons with ${opponent}, and no user is served by any: ${names}`;
    return [{ ...common, reason: "SelectionStarted", note }];
  }
  const chosen = had.find(({ revision }) => has.length === 0 && revision === after.candidate?.revision);
  if (chosen === undefined) return [];
  const note = `${chosen.name} (${chosen.revision}) was chosen from ${had.length}: ${chosen.message}`;
  return [{ ...common, reason: "CandidateChosen", note }];
}

function runMoved(before: PreferenceCanaryStatus | undefined, after: PreferenceCanaryStatus): EventNote[] {
  const { candidate, step, stable } = after;
  const notes: EventNote[] = [];
  if (candidate === undefined) return notes;
  const isNew = candidate.revision !== before?.candidate?.revision;
  if (isNew) {
    const note = `Candidate ${candidate.revision} with model ${candidate.digest || "of unknown digest"} is to replace ${stable?.revision}`;
    notes.push({ type: "Normal", reason: "CandidateSeen", action: "StartRun", note });
  }
  if (step !== undefined && (isNew || step.name !== before?.step?.name)) {
    const note = `Candidate ${candidate.revision} enters step ${step.name} (${step.index + 1} of ${step.of}): ${after.exposure === undefined ? "" : "up to "}${after.weights?.desired ?? 0}% of requests`;
    notes.push({ type: "Normal", reason: "StepEntered", action: "EnterStep", note });
  }
  return notes;
}

/** What a write was worth telling of, whatever status says. */
export function effectNotes(effect: Effect): readonly EventNote[] {
  if (effect.type !== "WriteRoute" || effect.undoes === undefined) return [];
  const { write, undoes } = effect;
  const { name } = write.type === "Apply" ? write.object.metadata : write.key;
  const note = contestedWords(write.kind, name, undoes);
  return [{ type: "Warning", reason: "RouteRestored", action: "WriteRoute", note }];
}

const ENDINGS: Readonly<Record<LastRun["outcome"], Pick<EventNote, "type" | "reason" | "action">>> = {
  Promoted: { type: "Normal", reason: "Promoted", action: "Promote" },
  RolledBack: { type: "Warning", reason: "RolledBack", action: "RollBack" },
  Superseded: { type: "Normal", reason: "Superseded", action: "EndRun" },
  Failed: { type: "Warning", reason: "CandidateFailed", action: "EndRun" },
  Retired: { type: "Normal", reason: "Retired", action: "EndRun" },
};

function runEnded(before: PreferenceCanaryStatus | undefined, { lastRun }: PreferenceCanaryStatus): EventNote[] {
  if (lastRun === undefined || before === undefined) return [];
  const known = before.lastRun;
  if (known?.revision === lastRun.revision && known.outcome === lastRun.outcome && known.time === lastRun.time)
    return [];
  return [
    { ...ENDINGS[lastRun.outcome], note: `Candidate ${lastRun.revision}: ${lastRun.outcome}. ${lastRun.message}` },
  ];
}

const HELD: Readonly<Partial<Record<Verdict, string>>> = {
  Mismatch: "HeldForMismatch",
  NoData: "HeldForNoData",
  Shifting: "HeldForShifting",
};

/** Once for each time that evidence gets out of sight, or says something else than it did. */
function held(before: PreferenceCanaryStatus | undefined, after: PreferenceCanaryStatus): EventNote[] {
  return (after.gates ?? []).flatMap(({ name, verdict, message }): EventNote[] => {
    const reason = HELD[verdict];
    const was = before?.gates?.find((gate) => gate.name === name)?.verdict;
    if (reason === undefined || verdict === was || after.candidate === undefined) return [];
    return [{ type: "Warning", reason, action: "Hold", note: `Gate ${name}: ${message}` }];
  });
}

/** Once for each time that something is refused or a pod waits, or something else that matters more. */
function warned(
  type: string,
  action: string,
  before: PreferenceCanaryStatus | undefined,
  { conditions }: PreferenceCanaryStatus,
): EventNote[] {
  const now = findCondition(conditions, type);
  const known = findCondition(before?.conditions, type);
  if (now?.status !== "True" || (known?.status === "True" && known.reason === now.reason)) return [];
  return [{ type: "Warning", reason: now.reason, action, note: now.message }];
}

/** Once for each change of somebody else's that stands. */
function routeLeft(before: PreferenceCanaryStatus | undefined, after: PreferenceCanaryStatus): EventNote[] {
  const contested = findCondition(after.conditions, CONDITION.routeContested);
  const { foreignWrite } = after;
  if (foreignWrite === undefined || contested === undefined) return [];
  if (before?.foreignWrite?.generation === foreignWrite.generation) return [];
  return [{ type: "Warning", reason: "RouteLeft", action: "Hold", note: contested.message }];
}

/** Once for each time that it gets so. */
function outOfReach(before: PreferenceCanaryStatus | undefined, { conditions }: PreferenceCanaryStatus): EventNote[] {
  const now = findCondition(conditions, CONDITION.outOfReach);
  if (now?.status !== "True" || isTrue(before?.conditions, CONDITION.outOfReach)) return [];
  return [{ type: "Warning", reason: "OutOfReach", action: "Judge", note: now.message }];
}
