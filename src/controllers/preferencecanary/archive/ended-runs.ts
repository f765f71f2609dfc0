import type { PreferenceCanaryStatus } from "../../../api/v1alpha1/preference-canary.ts";
import type { Facts } from "../facts.ts";
import type { GateStatus } from "../gates/gates.ts";
import type { ArchiveAnswers } from "../observed.ts";
import type { Run } from "../run/run.ts";
import type { EndedContender } from "../selection/contender-endings.ts";
import { revisionsOf } from "../standing/status-revisions.ts";
import { archiveRequest } from "./archive-request.ts";
import type { LastRun } from "./last-run.ts";

/** A run that is over and has no archive yet. */
export type Unarchived = NonNullable<PreferenceCanaryStatus["archiving"]>[number];

type Ended = Pick<LastRun, "revision" | "time">;

interface EndedRuns {
  readonly lastRun?: LastRun;
  readonly history: NonNullable<PreferenceCanaryStatus["history"]>;
  readonly archiving: readonly Unarchived[];
}

/** What status says of the runs that are over. */
export function endedRuns(
  facts: Facts,
  lastRun: LastRun | undefined,
  contenders: readonly EndedContender[],
): Pick<PreferenceCanaryStatus, "lastRun" | "history" | "archiving"> {
  const { observed, run } = facts;
  const { status, spec } = observed.canary;
  const known = { history: status?.history ?? [], archiving: status?.archiving ?? [] };
  const isNew = lastRun !== undefined && lastRun !== status?.lastRun;
  const isLeaving = lastRun !== undefined && isTakenBack(run, lastRun);
  const others = contenders.reduce<EndedRuns>((runs, contender) => withContender(facts, contender, runs), known);
  const isOfRun = lastRun !== undefined && contenders.every(({ ended }) => ended !== lastRun);
  const runs = isOfRun && (isNew || isLeaving) ? withRun(facts, lastRun, others) : others;
  const { limit } = spec.history;
  const answered = withAnswers({ ...(lastRun && { lastRun }), ...runs }, observed.archives);
  const history = answered.history.slice(0, limit);
  const archiving = answered.archiving.slice(0, Math.max(1, limit));
  return {
    ...(answered.lastRun && { lastRun: answered.lastRun }),
    ...(history.length > 0 && { history }),
    ...(archiving.length > 0 && { archiving }),
  };
}

/** What can be archived now: the evidence of a candidate that is still being taken back is still being read. */
export function toBeArchived(status: PreferenceCanaryStatus | undefined, run: Run): readonly Unarchived[] {
  return (status?.archiving ?? []).filter((ended) => !isTakenBack(run, ended));
}

export function nameOf({ revision, time }: Ended): string {
  return `${revision} ${time}`;
}

function isTakenBack({ candidate }: Run, { revision }: Ended): boolean {
  return candidate?.revision === revision && candidate.state !== "Running";
}

/**
 * With the run that has just ended; or, as long as its candidate is still being taken back, with what its gates say by
 * now: after a crash the record that decided is read again only then.
 */
function withRun(facts: Facts, lastRun: LastRun, { history, archiving }: EndedRuns): EndedRuns {
  const { status = {}, spec } = facts.observed.canary;
  const isLeaving = isTakenBack(facts.run, lastRun);
  // Where a model was waiting its run has begun, and the gates are those of the candidate that took the place.
  const gates = isLeaving ? facts.gates : (status.gates ?? []);
  const { candidate, stable } = isLeaving ? revisionsOf(facts) : status;
  const retriedAt = facts.observed.records.get(lastRun.revision)?.retriedAt;
  const isKnown = candidate?.revision === lastRun.revision && stable !== undefined && gates.length > 0;
  const request = isKnown ? archiveRequest({ lastRun, candidate, stable, gates, spec, retriedAt }) : undefined;
  return withEnded({ history, archiving }, lastRun, gates, request);
}

/** Likewise, with one that is in a selection no more. */
function withContender(facts: Facts, { known, ended }: EndedContender, runs: EndedRuns): EndedRuns {
  const { records, canary } = facts.observed;
  const { status, spec } = canary;
  const standing = facts.selection?.contenders.find(({ revision }) => revision === known.revision);
  const gates = standing?.gates ?? known.gates;
  const retriedAt = records.get(known.revision)?.retriedAt;
  const stable = status?.stable;
  const request = stable && archiveRequest({ lastRun: ended, candidate: known, stable, gates, spec, retriedAt });
  return withEnded(runs, ended, gates, request);
}

function withEnded(
  { history, archiving }: EndedRuns,
  ended: LastRun,
  gates: readonly GateStatus[],
  request: object | undefined,
): EndedRuns {
  const { revision, time } = ended;
  const isOther = (other: Ended) => nameOf(other) !== nameOf(ended);
  return {
    history: [{ ...ended, gates: gates.map(summary) }, ...history.filter(isOther)],
    archiving: [
      ...(request ? [{ revision, time, request: JSON.stringify(request) }] : []),
      ...archiving.filter(isOther),
    ],
  };
}

/** What a gate had said. */
function summary({ name, against, verdict, samples, estimate, interval }: GateStatus) {
  const compared = against === undefined ? {} : { against };
  return {
    name,
    ...compared,
    verdict,
    samples,
    ...(estimate !== undefined && { estimate }),
    ...(interval && { interval }),
  };
}

function withAnswers({ lastRun, history, archiving }: EndedRuns, answers: ArchiveAnswers = new Map()): EndedRuns {
  function archived<T extends LastRun>(ended: T): T {
    const answer = answers.get(nameOf(ended));
    return answer !== undefined && "archive" in answer ? { ...ended, archive: answer.archive } : ended;
  }
  return {
    ...(lastRun && { lastRun: archived(lastRun) }),
    history: history.map(archived),
    archiving: archiving.flatMap((ended) => {
      const answer = answers.get(nameOf(ended));
      if (answer === undefined) return [ended];
      return "archive" in answer ? [] : [{ ...ended, problem: answer.problem.slice(0, 1024) }];
    }),
  };
}
