import type { DatabaseSync } from "node:sqlite";
import type { AnswerList, Check, CheckPage, CheckRecord } from "../../api/contracts/collector-api.ts";
import type { CanaryKey, CheckStream, ItemOutcome, NewsItem, Page } from "../store.ts";
import { prepare } from "./database.ts";
import { checkCursor } from "./evidence-cursor.ts";
import { contentOf, type RecordLog } from "./record-log.ts";

export interface NewAnswer {
  id: string;
  revision: string;
  prompt: string;
  text: string;
}

/** A candidate's answers and the safety verdicts on each, of which later ones are versions of the first. */
export interface Answers {
  insert(key: CanaryKey, answer: NewAnswer): void;
  list(stream: CheckStream, filter: { unchecked: boolean; limit: number }): AnswerList;
  addCheck(key: CanaryKey, check: Check): ItemOutcome;
  checks(stream: CheckStream, page: Page): CheckPage;
}

const RUN = `checks.namespace = :namespace AND canary = :canary AND candidate = :candidate`;

function prepareAnswers(db: DatabaseSync) {
  return {
    insert: prepare(
      db,
      `INSERT INTO answers (namespace, canary, id, revision, prompt, text)
       VALUES (:namespace, :canary, :id, :revision, :prompt, :text) ON CONFLICT DO NOTHING`,
    ),
    // Unchecked answers are a queue with a bound: the oldest leave. What was checked stays with its verdict.
    trim: prepare(
      db,
      `DELETE FROM answers WHERE number IN (
         SELECT number FROM answers WHERE namespace = :namespace AND canary = :canary AND checked = 0
         ORDER BY number DESC LIMIT -1 OFFSET :limit)`,
    ),
    list: prepare<AnswerList["answers"][number]>(
      db,
      `SELECT id, prompt, text FROM answers
       WHERE namespace = :namespace AND canary = :canary AND revision = :candidate AND checked <= :checked
       ORDER BY number LIMIT :limit`,
    ),
    find: prepare<{ number: number; revision: string }>(
      db,
      `SELECT number, revision FROM answers WHERE namespace = :namespace AND canary = :canary AND id = :id`,
    ),
    markChecked: prepare(db, `UPDATE answers SET checked = 1 WHERE number = :number`),
  };
}

function prepareChecks(db: DatabaseSync) {
  return {
    insert: prepare(
      db,
      `INSERT INTO checks (sequence, namespace, canary, candidate, answer, violation, checker, reason, corrects)
       VALUES (:sequence, :namespace, :canary, :candidate, :answer, :violation, :checker, :reason, :corrects)`,
    ),
    newest: prepare<{ violation: number; first: number }>(
      db,
      `SELECT violation, coalesce(corrects, sequence) AS first FROM checks
       WHERE namespace = :namespace AND canary = :canary AND answer = :answer ORDER BY sequence DESC LIMIT 1`,
    ),
    find: prepare<{ id: string }>(
      db,
      `SELECT id FROM checks JOIN records USING (sequence) WHERE ${RUN} AND sequence = :sequence`,
    ),
    select: prepare<CheckRow>(
      db,
      `SELECT sequence, id, at, answer, violation, corrects FROM checks JOIN records USING (sequence)
       WHERE ${RUN} AND sequence > :after ORDER BY sequence LIMIT :limit`,
    ),
    head: prepare<{ head: number }>(db, `SELECT coalesce(max(sequence), 0) AS head FROM checks WHERE ${RUN}`),
  };
}

interface CheckRow extends Omit<CheckRecord, "violation" | "corrects"> {
  violation: number;
  corrects: number | null;
}

export interface AnswersOptions {
  log: RecordLog;
  /** How many unchecked answers are kept a canary. */
  limit: number;
  /** Told what there is news of, within the transaction that brings them. */
  touch: (item: NewsItem) => void;
}

export function createAnswers(db: DatabaseSync, { log, limit, touch }: AnswersOptions): Answers {
  const answers = prepareAnswers(db);
  const checks = prepareChecks(db);

  return {
    insert({ namespace, canary }, answer) {
      answers.insert.run({ namespace, canary, ...answer });
      answers.trim.run({ namespace, canary, limit });
    },
    list({ namespace, canary, candidate }, filter) {
      const checked = filter.unchecked ? 0 : 1;
      return { answers: answers.list.all({ namespace, canary, candidate, checked, limit: filter.limit }) };
    },
    addCheck({ namespace, canary }, check) {
      const { id, answer, violation, checker, reason = null } = check;
      const key = { namespace, scope: `checks/${canary}`, key: id };
      const content = contentOf([answer, violation, checker, reason]);
      const seen = log.seen(key, content);
      if (seen !== undefined) return seen;
      const found = answers.find.get({ namespace, canary, id: answer });
      if (found === undefined) return refused("AnswerUnknown", `there is no answer "${answer}", or it was dropped`);
      const verdict = violation ? 1 : 0;
      const previous = checks.newest.get({ namespace, canary, answer });
      if (previous?.violation === verdict)
        return refused(
          "AlreadyChecked",
          `answer "${answer}" has this verdict: drop it; another verdict would correct it`,
        );
      const { sequence, at } = log.append(key, content);
      const row = { namespace, canary, candidate: found.revision, answer, violation: verdict };
      checks.insert.run({ sequence, checker, reason, corrects: previous?.first ?? null, ...row });
      answers.markChecked.run({ number: found.number });
      touch({ namespace, canary, stream: "checks" });
      return { result: "Accepted", sequence, at };
    },
    checks({ namespace, canary, candidate }, page) {
      const run = { namespace, canary, candidate };
      const after = checkCursor(page.cursor, (sequence) => checks.find.get({ ...run, sequence })?.id);
      const rows = checks.select.all({ ...run, after, limit: page.limit });
      const records = rows.map(({ corrects, ...row }) => ({
        ...row,
        violation: row.violation === 1,
        ...(corrects !== null && { corrects }),
      }));
      return { records, head: checks.head.get(run)?.head ?? 0 };
    },
  };
}

function refused(reason: string, message: string): ItemOutcome {
  return { result: "Rejected", reason, path: "answer", message };
}
