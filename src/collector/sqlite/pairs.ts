import type { PostPairRequest, PostPairResponse } from "../../api/contracts/collector-api.ts";
import type { DatasetKey } from "../store.ts";
import { StoreError } from "../store-error.ts";
import { textOf, triage } from "../triage.ts";
import type { Answers } from "./answers.ts";
import type { Comparisons } from "./comparisons.ts";
import type { PairQueue } from "./pair-queue.ts";
import { type Acknowledgement, contentOf, type RecordLog } from "./record-log.ts";

interface Tables {
  log: RecordLog;
  queue: PairQueue;
  answers: Answers;
  comparisons: Comparisons;
}

/** Queues two answers, or settles them at once where there is nothing to choose. The same pair again changes nothing. */
export function addPair(tables: Tables, key: DatasetKey, pair: PostPairRequest): PostPairResponse {
  const content = contentOf([
    key.dataset,
    pair.canary,
    pair.prompt,
    ...contentOfAnswer(pair.stable),
    ...contentOfAnswer(pair.candidate ?? pair.other),
    // Not where there is none: a pair that was posted before there were these is the same one when it is sent again.
    ...(pair.cohort === undefined ? [] : [pair.cohort]),
    ...(pair.margin === undefined ? [] : [pair.margin]),
    ...(pair.training ? [true] : []),
  ]);
  const known = tables.queue.known(key.namespace, pair.id);
  if (known !== undefined && known.content !== content) {
    throw new StoreError("IdMismatch", `"${pair.id}" was used before for another pair: use a new id`, "id");
  }
  if (known !== undefined) {
    return known.state === "Decided" ? decided(recorded(tables.log, key, pair.id, content)) : { queued: true };
  }

  const found = triage(pair);
  const candidateText = textOf(pair.candidate);
  if (pair.candidate !== undefined && candidateText !== undefined) {
    const { id, prompt, candidate } = pair;
    const answer = { id, revision: candidate.revision, prompt, text: candidateText };
    tables.answers.insert({ namespace: key.namespace, canary: pair.canary }, answer);
  }
  if (found.kind === "Drop") return { queued: false, reason: found.reason };
  if (found.kind === "Decided") return decided(decide(tables, key, pair, content, found.outcome));
  const { stableText, otherText } = found;
  const queued = tables.queue.insert(key, { pair, content, state: "Open", stableText, otherText });
  return queued ? { queued } : { queued, reason: "QueueFull" };
}

function decide(
  tables: Tables,
  key: DatasetKey,
  pair: PostPairRequest,
  content: string,
  outcome: 0 | 1,
): Acknowledgement {
  const stableText = textOf(pair.stable) ?? null;
  const otherText = textOf(pair.candidate) ?? null;
  tables.queue.insert(key, { pair, content, state: "Decided", stableText, otherText });
  const acknowledgement = tables.log.append(recordKey(key, pair.id), content);
  const { candidate, canary, prompt, stable, cohort = null } = pair;
  if (candidate !== undefined) {
    const run = { namespace: key.namespace, canary, candidate: candidate.revision, stable: stable.revision };
    const asked = { prompt, cohort, margin: null, pair: pair.id };
    tables.comparisons.insert(run, acknowledgement.sequence, { ...asked, outcome, labeler: null });
  }
  return acknowledgement;
}

function recorded(log: RecordLog, key: DatasetKey, id: string, content: string): Acknowledgement {
  const seen = log.seen(recordKey(key, id), content);
  if (seen?.result !== "Duplicate") throw new Error(`pair "${id}" is decided, and there is no record of it`);
  return { sequence: seen.sequence, at: seen.at };
}

function recordKey({ namespace, dataset }: DatasetKey, id: string) {
  return { namespace, scope: `pairs/${dataset}`, key: id };
}

function contentOfAnswer(answer: PostPairRequest["candidate"]): (string | null)[] {
  return [answer?.revision ?? null, textOf(answer) ?? null];
}

function decided({ sequence, at }: Acknowledgement): PostPairResponse {
  return { queued: false, reason: "Decided", sequence, at };
}
