import type { DatabaseSync } from "node:sqlite";
import type { Choice } from "../../api/contracts/collector-api.ts";
import type { DatasetKey, ItemOutcome } from "../store.ts";
import { unblind } from "../unblind.ts";
import type { Comparisons } from "./comparisons.ts";
import { prepare } from "./database.ts";
import type { PairQueue, StoredPair } from "./pair-queue.ts";
import type { Preferences } from "./preferences.ts";
import { contentOf, type RecordLog } from "./record-log.ts";

/** What was chosen of each pair: the newest version, and which record the first one is. */
export interface Choices {
  insert(pair: number, sequence: number, choice: Choice["choice"]): void;
  newest(pair: number): Version | undefined;
}

interface Version {
  sequence: number;
  /** As text. */
  choice: string;
  first: number;
}

export function createChoices(db: DatabaseSync): Choices {
  const insert = prepare(db, `INSERT INTO choices (sequence, pair, choice) VALUES (:sequence, :pair, :choice)`);
  const newest = prepare<Version>(
    db,
    `SELECT sequence, choice, (SELECT min(sequence) FROM choices WHERE pair = :pair) AS first
     FROM choices WHERE pair = :pair ORDER BY sequence DESC LIMIT 1`,
  );
  return {
    insert: (pair, sequence, choice) => insert.run({ pair, sequence, choice: String(choice) }),
    newest: (pair) => newest.get({ pair }),
  };
}

interface Tables {
  log: RecordLog;
  queue: PairQueue;
  versions: Choices;
  preferences: Preferences;
  comparisons: Comparisons;
}

/** One choice is one record, read as a comparison by the canary and as a preference by the dataset. */
export function addChoice(tables: Tables, key: DatasetKey, choice: Choice): ItemOutcome {
  const { namespace, dataset } = key;
  const recordKey = { namespace, scope: `choices/${dataset}`, key: choice.id };
  const content = contentOf([choice.pair, choice.lease, choice.labeler, String(choice.choice)]);
  const seen = tables.log.seen(recordKey, content);
  if (seen !== undefined) return seen;

  const pair = tables.queue.find(key, choice.pair);
  if (pair === undefined) return refused("PairUnknown", "pair", `there is no pair "${choice.pair}", or it was dropped`);
  const lease = tables.queue.findLease(pair.number, choice.lease);
  if (lease === undefined || lease.labeler !== choice.labeler) {
    return refused("LeaseUnknown", "lease", `"${choice.labeler}" has no such lease of pair "${choice.pair}"`);
  }
  const previous = tables.versions.newest(pair.number);
  const refusal = refusalOf(pair, choice, previous);
  if (refusal !== undefined) return refusal;

  const acknowledgement = tables.log.append(recordKey, content);
  store(tables, key, { pair, choice, stableIsA: lease.stableIsA === 1, previous, ...acknowledgement });
  return { result: "Accepted", ...acknowledgement };
}

/** Only who has judged a pair may judge it again. */
function refusalOf({ state, lease }: StoredPair, choice: Choice, previous: Version | undefined) {
  // An expired lease still counts while nobody else took the pair: the labeler's work is not thrown away.
  const isOwn = lease === choice.lease;
  if (state === "Open") {
    const message = "the lease expired and another labeler has the pair now";
    return isOwn ? undefined : refused("LeaseLost", "lease", message);
  }
  const isAnother = isOwn && previous !== undefined && previous.choice !== String(choice.choice);
  return isAnother ? undefined : refused("AlreadyJudged", "pair", `pair "${choice.pair}" has its choice`);
}

interface Judgement {
  pair: StoredPair;
  choice: Choice;
  stableIsA: boolean;
  /** What this is another version of. */
  previous: Version | undefined;
  sequence: number;
  at: string;
}

function store(tables: Tables, key: DatasetKey, judgement: Judgement): void {
  const { pair, choice, previous, sequence } = judgement;
  const { labeler } = choice;
  const { outcome, preference } = unblind(pair, judgement.stableIsA, choice.choice);
  tables.versions.insert(pair.number, sequence, choice.choice);
  if (previous !== undefined) tables.preferences.replace(previous.sequence, sequence);
  if (preference !== null) {
    const { prompt, cohort, training } = pair;
    const labels = { labeler, labeledAt: judgement.at, cohort, training };
    tables.preferences.insert(key, sequence, { ...preference, prompt, ...labels });
  }
  if (outcome !== null && pair.candidate !== null) {
    const run = { namespace: key.namespace, canary: pair.canary, candidate: pair.candidate, stable: pair.stable };
    const { prompt, cohort, margin } = pair;
    if (previous !== undefined) tables.comparisons.correct(run, sequence, { outcome, first: previous.first });
    else tables.comparisons.insert(run, sequence, { outcome, prompt, labeler, cohort, margin, pair: choice.pair });
  }
  tables.queue.judged(pair.number);
}

function refused(reason: string, path: string, message: string): ItemOutcome {
  return { result: "Rejected", reason, path, message };
}
