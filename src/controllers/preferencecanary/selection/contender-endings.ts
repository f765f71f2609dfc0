import { timestamp } from "../../../runtime/conditions.ts";
import type { Ending, LastRun } from "../archive/last-run.ts";
import type { Facts } from "../facts.ts";
import { chosenModel, type KnownContender } from "./contenders.ts";
import { type Standing, winRateOf } from "./selection.ts";

/** A contender as status last had it, and how it ended. */
export interface EndedContender {
  readonly known: KnownContender;
  readonly ended: LastRun;
}

/** Those who were in the selection and are no more, seen in what stands, as the end of a run is. */
export function endedContenders(facts: Facts, now: Date): readonly EndedContender[] {
  return (facts.observed.canary.status?.contenders ?? []).flatMap((known) => {
    const standing = facts.selection?.contenders.find(({ revision }) => revision === known.revision);
    const isLater = standing !== undefined && isUntellable(standing);
    const ending = isOut(known) || isLater ? undefined : endingOf(facts, known);
    if (ending === undefined) return [];
    const { digest, among } = known;
    const message = ending.message.slice(0, 1024);
    return [{ known, ended: { ...ending, message, digest, time: timestamp(now), ...(among && { among }) } }];
  });
}

/** One that is out is told of with its evidence: what was found in that only a process may have known that is no more. */
export function isUntellable({ out, isUnread }: Standing): boolean {
  return out !== undefined && isUnread;
}

function isOut({ state }: KnownContender): boolean {
  return state === "RolledBack" || state === "Failed";
}

function endingOf(facts: Facts, known: KnownContender): Ending | undefined {
  const { observed, run, selection } = facts;
  const { revision } = known;
  const isIn = selection?.contenders.some(
    (contender) => contender.revision === revision && contender.out === undefined,
  );
  // Who was chosen has a run of its own, which ends otherwise.
  if (isIn || run.candidate?.revision === revision || run.stable === revision) return undefined;
  const record = observed.records.get(revision);
  if (record?.verdict === "RolledBack" || record?.verdict === "Failed")
    return { revision, outcome: record.verdict, message: record.reason ?? "" };
  const chosen = chosenOf(facts);
  if (chosen !== undefined)
    return { revision, outcome: "Retired", message: `${chosen} was chosen. This one: ${wordsOf(known)}` };
  return { revision, outcome: "Superseded", message: "Git asked for something else before one was chosen" };
}

/** "blue: 68.1% of 120 comparisons won" */
function chosenOf({ observed }: Facts): string | undefined {
  const { spec, status } = observed.canary;
  const digest = chosenModel(observed)?.digest;
  const candidate = spec.model.candidates?.find((each) => each.digest === digest);
  if (candidate === undefined) return undefined;
  const known = status?.contenders?.find((contender) => contender.digest === digest);
  return `${candidate.name} (${known === undefined ? candidate.digest : wordsOf(known)})`;
}

function wordsOf(contender: KnownContender): string {
  const { estimate, samples = 0 } = winRateOf(contender) ?? {};
  return estimate === undefined ? "nothing compared" : `${estimate} of ${samples} comparisons won`;
}
