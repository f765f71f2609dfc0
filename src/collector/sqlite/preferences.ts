import type { DatabaseSync } from "node:sqlite";
import type { DatasetHead, PreferenceRecord, StoredPreference } from "../../api/contracts/collector-api.ts";
import type { DatasetKey, ItemOutcome } from "../store.ts";
import { prepare } from "./database.ts";
import { contentOf, type RecordLog } from "./record-log.ts";

export interface NewPreference {
  prompt: string;
  chosen: string;
  rejected: string;
  labeler: string | null;
  labeledAt: string | null;
  cohort: string | null;
  training: 0 | 1;
}

export interface Preferences {
  add(key: DatasetKey, record: PreferenceRecord): ItemOutcome;
  /** The preference that a record of another kind (a choice) is read as. */
  insert(key: DatasetKey, sequence: number, preference: NewPreference): void;
  /** The record `previous`, where it is a preference, is one no longer as of `sequence`. */
  replace(previous: number, sequence: number): void;
  stream(key: DatasetKey, range: { after: number; until: number }): AsyncIterable<StoredPreference>;
  head(key: DatasetKey, after: number): DatasetHead;
}

/** Rows read at once: the most that a stream holds in memory, however slowly its reader is. */
const PAGE = 100;

const SELECT_PAGE = `
  SELECT sequence, key AS id, at, prompt, chosen, rejected, labeler, labeled_at AS labeledAt, cohort, training
  FROM preferences JOIN records USING (sequence)
  WHERE preferences.namespace = :namespace AND dataset = :dataset AND sequence > :after AND sequence <= :until
    AND (replaced_at IS NULL OR replaced_at > :until)
  ORDER BY sequence LIMIT ${PAGE}`;

const INSERT = `
  INSERT INTO preferences (sequence, namespace, dataset, ordinal, prompt, chosen, rejected, labeler, labeled_at, cohort, training)
  VALUES (:sequence, :namespace, :dataset, :ordinal, :prompt, :chosen, :rejected, :labeler, :labeledAt, :cohort, :training)`;

const SELECT_LAST = `
  SELECT sequence, ordinal FROM preferences
  WHERE namespace = :namespace AND dataset = :dataset AND sequence <= :until ORDER BY sequence DESC LIMIT 1`;

const SELECT_REPLACED = `
  SELECT count(*) AS count, coalesce(max(replaced_at), 0) AS newest FROM preferences
  WHERE namespace = :namespace AND dataset = :dataset AND replaced_at IS NOT NULL`;

export function createPreferences(db: DatabaseSync, log: RecordLog): Preferences {
  const insertRow = prepare(db, INSERT);
  const page = prepare<Omit<StoredPreference, "training"> & Pick<NewPreference, "training">>(db, SELECT_PAGE);
  const last = prepare<{ sequence: number; ordinal: number }>(db, SELECT_LAST);
  const replaceRow = prepare(db, `UPDATE preferences SET replaced_at = :sequence WHERE sequence = :previous`);
  const replaced = prepare<{ count: number; newest: number }>(db, SELECT_REPLACED);

  function lastUntil({ namespace, dataset }: DatasetKey, until: number): { sequence: number; ordinal: number } {
    return last.get({ namespace, dataset, until }) ?? { sequence: 0, ordinal: 0 };
  }

  function insert(key: DatasetKey, sequence: number, preference: NewPreference): void {
    const ordinal = lastUntil(key, sequence).ordinal + 1;
    insertRow.run({ ...preference, namespace: key.namespace, dataset: key.dataset, sequence, ordinal });
  }

  return {
    insert,
    replace: (previous, sequence) => replaceRow.run({ previous, sequence }),
    add(key, record) {
      const { id, prompt, chosen, rejected, labeler = null, labeledAt = null, cohort = null, training } = record;
      const recordKey = { namespace: key.namespace, scope: `preferences/${key.dataset}`, key: id };
      // Not where it is not: a record that was sent before there was this is the same one when it is sent again.
      const chosenToLearn = training ? [true] : [];
      const content = contentOf([prompt, chosen, rejected, labeler, labeledAt, cohort, ...chosenToLearn]);
      const seen = log.seen(recordKey, content);
      if (seen !== undefined) return seen;
      const acknowledgement = log.append(recordKey, content);
      const preference = { prompt, chosen, rejected, labeler, labeledAt, cohort };
      insert(key, acknowledgement.sequence, { ...preference, training: training ? 1 : 0 });
      return { result: "Accepted", ...acknowledgement };
    },
    // Page by page, each a read of its own: an open read would keep the WAL from being checkpointed.
    async *stream({ namespace, dataset }, { after, until }) {
      let position = after;
      for (;;) {
        const rows = page.all({ namespace, dataset, after: position, until });
        for (const { training, ...row } of rows) yield training === 1 ? { ...row, training: true } : row;
        const final = rows.at(-1);
        if (final === undefined || rows.length < PAGE) return;
        position = final.sequence;
      }
    },
    head(key, after) {
      const newest = lastUntil(key, Number.MAX_SAFE_INTEGER);
      const newer = newest.ordinal - lastUntil(key, after).ordinal;
      const old = replaced.get({ namespace: key.namespace, dataset: key.dataset }) ?? { count: 0, newest: 0 };
      const sequence = Math.max(newest.sequence, old.newest);
      return { sequence, preferences: newest.ordinal - old.count, newer };
    },
  };
}
