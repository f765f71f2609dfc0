import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Comparison, ComparisonPage } from "../../api/contracts/collector-api.ts";
import type { NewsItem, Page, PairStream } from "../store.ts";
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
  /** A later version of the comparison with the number `first`, which stays as it is. */
  correct(stream: PairStream, sequence: number, correction: { first: number; outcome: Comparison["outcome"] }): void;
  page(stream: PairStream, page: Page): ComparisonPage;
}

interface ComparisonRow extends Omit<Comparison, "margin" | "corrects"> {
  margin: number | null;
  corrects: number | null;
}

const RUN = `
  comparisons.namespace = :namespace AND canary = :canary AND candidate = :candidate AND stable = :stable`;

/** `touch` is told what there is news of, within the transaction that brings them. */
export function createComparisons(db: DatabaseSync, touch: (item: NewsItem) => void): Comparisons {
  const insertRow = prepare(
    db,
    `INSERT INTO comparisons (sequence, namespace, canary, candidate, stable, unit, vote, rater_vote, outcome, labeler, cohort, margin, pair)
     VALUES (:sequence, :namespace, :canary, :candidate, :stable, :unit, :vote, :raterVote, :outcome, :labeler, :cohort, :margin, :pair)`,
  );
  const insertVersion = prepare(
    db,
    `INSERT INTO comparisons (sequence, namespace, canary, candidate, stable, unit, vote, rater_vote, outcome, labeler, cohort, margin, pair, corrects)
     SELECT :sequence, namespace, canary, candidate, stable, unit, vote, rater_vote, :outcome, labeler, cohort, margin, pair, sequence
     FROM comparisons WHERE sequence = :first`,
  );
  const votes = prepare<{ votes: number }>(
    db,
    `SELECT coalesce(max(vote), 0) AS votes FROM comparisons WHERE ${RUN} AND unit = :unit AND corrects IS NULL`,
  );
  const raterVotes = prepare<{ votes: number }>(
    db,
    `SELECT coalesce(max(rater_vote), 0) AS votes FROM comparisons WHERE ${RUN} AND labeler = :labeler AND corrects IS NULL`,
  );
  const find = prepare<{ id: string }>(
    db,
    `SELECT id FROM comparisons JOIN records USING (sequence) WHERE ${RUN} AND sequence = :sequence`,
  );
  const select = prepare<ComparisonRow>(
    db,
    `SELECT sequence, id, at, outcome, unit, vote, rater_vote AS raterVote, labeler, cohort, margin, corrects
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
      touch({ namespace, canary, stream: "comparisons" });
    },
    correct({ namespace, canary }, sequence, correction) {
      insertVersion.run({ ...correction, sequence });
      touch({ namespace, canary, stream: "comparisons" });
    },
    page({ namespace, canary, candidate, stable }, { cursor, limit }) {
      const run = { namespace, canary, candidate, stable };
      const after = checkCursor(cursor, (sequence) => find.get({ ...run, sequence })?.id);
      const rows = select.all({ ...run, after, limit });
      const records = rows.map(({ margin, corrects, ...row }) => ({
        ...row,
        ...(margin !== null && { margin }),
        ...(corrects !== null && { corrects }),
      }));
      return { records, head: head.get(run)?.head ?? 0 };
    },
  };
}
