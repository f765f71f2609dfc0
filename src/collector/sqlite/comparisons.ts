import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Comparison, ComparisonPage } from "../../api/contracts/collector-api.ts";
import type { CanaryKey, Page, PairStream } from "../store.ts";
import { prepare } from "./database.ts";
import { checkCursor } from "./evidence-cursor.ts";

export interface NewComparison {
  outcome: Comparison["outcome"];
  prompt: string;
  labeler: string | null;
  cohort: string | null;
  margin: number | null;
  pair: string;
}

export interface Comparisons {
  insert(stream: PairStream, sequence: number, comparison: NewComparison): void;
  page(stream: PairStream, page: Page): ComparisonPage;
}

const RUN = `
  comparisons.namespace = :namespace AND canary = :canary AND candidate = :candidate AND stable = :stable`;

/** `touch` is told which canary has news, within the transaction that brings them. */
export function createComparisons(db: DatabaseSync, touch: (key: CanaryKey) => void): Comparisons {
  const insertRow = prepare(
    db,
    `INSERT INTO comparisons (sequence, namespace, canary, candidate, stable, unit, vote, rater_vote, outcome, labeler, cohort, margin, pair)
     VALUES (:sequence, :namespace, :canary, :candidate, :stable, :unit, :vote, :raterVote, :outcome, :labeler, :cohort, :margin, :pair)`,
  );
  const votes = prepare<{ votes: number }>(
    db,
    `SELECT coalesce(max(vote), 0) AS votes FROM comparisons WHERE ${RUN} AND unit = :unit`,
  );
  const raterVotes = prepare<{ votes: number }>(
    db,
    `SELECT coalesce(max(rater_vote), 0) AS votes FROM comparisons WHERE ${RUN} AND labeler = :labeler`,
  );
  const find = prepare<{ id: string }>(
    db,
    `SELECT id FROM comparisons JOIN records USING (sequence) WHERE ${RUN} AND sequence = :sequence`,
  );
  const select = prepare<Omit<Comparison, "margin"> & { margin: number | null }>(
    db,
    `SELECT sequence, id, at, outcome, unit, vote, rater_vote AS raterVote, labeler, cohort, margin
     FROM comparisons JOIN records USING (sequence)
     WHERE ${RUN} AND sequence > :after ORDER BY sequence LIMIT :limit`,
  );
  const head = prepare<{ head: number }>(db, `SELECT coalesce(max(sequence), 0) AS head FROM comparisons WHERE ${RUN}`);

  return {
    insert({ namespace, canary, candidate, stable }, sequence, { prompt, ...comparison }) {
      const { labeler } = comparison;
      const run = { namespace, canary, candidate, stable };
      const unit = createHash("sha256").update(prompt).digest("hex");
      const vote = (votes.get({ ...run, unit })?.votes ?? 0) + 1;
      const raterVote = labeler === null ? null : (raterVotes.get({ ...run, labeler })?.votes ?? 0) + 1;
      insertRow.run({ ...run, ...comparison, sequence, unit, vote, raterVote });
      touch(run);
    },
    page({ namespace, canary, candidate, stable }, { cursor, limit }) {
      const run = { namespace, canary, candidate, stable };
      const after = checkCursor(cursor, (sequence) => find.get({ ...run, sequence })?.id);
      const rows = select.all({ ...run, after, limit });
      const records = rows.map(({ margin, ...row }) => (margin === null ? row : { ...row, margin }));
      return { records, head: head.get(run)?.head ?? 0 };
    },
  };
}
