import type { Choice } from "../../api/contracts/collector-api.ts";
import type { DatasetKey, ItemOutcome } from "../store.ts";
import { unblind } from "../unblind.ts";
import type { Comparisons } from "./comparisons.ts";
import type { PairQueue, StoredPair } from "./pair-queue.ts";
import type { Preferences } from "./preferences.ts";
import { contentOf, type RecordLog } from "./record-log.ts";

interface Tables {
  log: RecordLog;
  queue: PairQueue;
  preferences: Preferences;
  comparisons: Comparisons;
}

/** One choice is one record, read as a comparison by the canary and as a preference by the dataset. */
export function addChoice(tables: Tables, key: DatasetKey, choice: Choice): ItemOutcome {
  const { namespace, dataset } = key;
  const recordKey = { namespace, scope: `choices/${dataset}`, key: choice.id };
  const content = contentOf([choice.pair, choice.lease, choice.labeler, choice.choice]);
  const seen = tables.log.seen(recordKey, content);
  if (seen !== undefined) return seen;

  const pair = tables.queue.find(key, choice.pair);
  if (pair === undefined) return refused("PairUnknown", "pair", `there is no pair "${choice.pair}", or it was dropped`);
  const lease = tables.queue.findLease(pair.number, choice.lease);
  if (lease === undefined || lease.labeler !== choice.labeler) {
    return refused("LeaseUnknown", "lease", `"${choice.labeler}" has no such lease of pair "${choice.pair}"`);
  }
  // An expired lease still counts while nobody else took the pair: the labeler's work is not thrown away.
  if (pair.state !== "Open") return refused("AlreadyJudged", "pair", `pair "${choice.pair}" has its choice`);
  if (pair.lease !== choice.lease) {
    return refused("LeaseLost", "lease", "the lease expired and another labeler has the pair now");
  }

  const acknowledgement = tables.log.append(recordKey, content);
  store(tables, key, { pair, choice, stableIsA: lease.stableIsA === 1, ...acknowledgement });
  return { result: "Accepted", ...acknowledgement };
}

interface Judgement {
  pair: StoredPair;
  choice: Choice;
  stableIsA: boolean;
  sequence: number;
  at: string;
}

function store(tables: Tables, key: DatasetKey, judgement: Judgement): void {
  const { pair, choice, sequence } = judgement;
  const { labeler } = choice;
  const { outcome, preference } = unblind(pair, judgement.stableIsA, choice.choice);
  if (preference !== null) {
    const { prompt, cohort } = pair;
    tables.preferences.insert(key, sequence, { ...preference, prompt, labeler, labeledAt: judgement.at, cohort });
  }
  if (outcome !== null && pair.candidate !== null) {
    const run = { namespace: key.namespace, canary: pair.canary, candidate: pair.candidate, stable: pair.stable };
    const { prompt, cohort, margin } = pair;
    tables.comparisons.insert(run, sequence, { outcome, prompt, labeler, cohort, margin, pair: choice.pair });
  }
  tables.queue.judged(pair.number);
}

function refused(reason: string, path: string, message: string): ItemOutcome {
  return { result: "Rejected", reason, path, message };
}
