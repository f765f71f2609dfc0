import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Rating, RatingPage, RatingRecord } from "../../api/contracts/collector-api.ts";
import type { CanaryKey, ItemOutcome, NewsItem, Page, RatingStream } from "../store.ts";
import { prepare } from "./database.ts";
import { checkCursor } from "./evidence-cursor.ts";
import { contentOf, type RecordLog } from "./record-log.ts";

/** What people thought of answers that they were served. */
export interface Ratings {
  add(key: CanaryKey, rating: Rating): ItemOutcome;
  page(stream: RatingStream, page: Page): RatingPage;
}

/** As far as is known where a stream begins: `first`, or not before what was `searched`. */
interface Beginning {
  readonly searched: number;
  readonly first?: number;
}

/** Streams whose beginning is remembered. */
const MOST_STREAMS = 10_000;

const OF = `ratings.namespace = :namespace AND canary = :canary AND revision =`;
/** One revision's part of a page, read in the order of an index: the two parts are at most two pages to sort. */
const part = (revision: string) => `
  SELECT * FROM (SELECT sequence, revision, unit, vote, outcome FROM ratings
                 WHERE ${OF} ${revision} AND sequence > :after ORDER BY sequence LIMIT :limit)`;

function prepareRatings(db: DatabaseSync) {
  return {
    insert: prepare(
      db,
      `INSERT INTO ratings (sequence, namespace, canary, revision, unit, vote, outcome, cohort)
       VALUES (:sequence, :namespace, :canary, :revision, :unit, :vote, :outcome, :cohort)`,
    ),
    votes: prepare<{ vote: number }>(
      db,
      `SELECT vote FROM ratings WHERE ${OF} :revision AND unit = :unit AND sequence < :before
       ORDER BY sequence DESC LIMIT 1`,
    ),
    first: prepare<{ first: number }>(
      db,
      `SELECT sequence AS first FROM ratings JOIN records USING (sequence)
       WHERE ${OF} :candidate AND sequence > :searched AND at >= :since ORDER BY sequence LIMIT 1`,
    ),
    last: prepare<{ last: number | null }>(db, `SELECT max(sequence) AS last FROM ratings WHERE ${OF} :revision`),
    find: prepare<{ id: string }>(
      db,
      `SELECT id FROM ratings JOIN records USING (sequence)
       WHERE ratings.namespace = :namespace AND canary = :canary AND revision IN (:candidate, :stable)
         AND sequence = :sequence AND sequence >= :first`,
    ),
    select: prepare<RatingRecord>(
      db,
      `SELECT sequence, id, at, revision, outcome, unit, vote
       FROM (${part(":candidate")} UNION ALL ${part(":stable")}) JOIN records USING (sequence)
       ORDER BY sequence LIMIT :limit`,
    ),
  };
}

/** `touch` is told what there is news of, within the transaction that brings them. */
export function createRatings(db: DatabaseSync, log: RecordLog, touch: (item: NewsItem) => void): Ratings {
  const { insert, votes, first, last, find, select } = prepareRatings(db);

  /** How often the unit has rated the revision before a record. */
  function votesBefore(of: CanaryKey & { revision: string; unit: string }, before: number): number {
    return votes.get({ ...of, before })?.vote ?? 0;
  }

  const beginnings = new Map<string, Beginning>();

  /** Of a stream: final once there is one. What came too early is looked at once, however much it is. */
  function firstOf({ namespace, canary, candidate, since }: RatingStream): number | undefined {
    const of = { namespace, canary, candidate, since: since === undefined ? "" : new Date(since).toISOString() };
    const key = JSON.stringify(of);
    const known = beginnings.get(key) ?? { searched: 0 };
    if (known.first !== undefined) return known.first;
    const found = first.get({ ...of, searched: known.searched })?.first;
    const searched = newestOf({ namespace, canary, revision: candidate });
    beginnings.set(key, found === undefined ? { searched } : { searched, first: found });
    const [oldest] = beginnings.keys();
    if (beginnings.size > MOST_STREAMS && oldest !== undefined) beginnings.delete(oldest);
    return found;
  }

  function newestOf(of: CanaryKey & { revision: string }): number {
    return last.get({ ...of })?.last ?? 0;
  }

  return {
    add({ namespace, canary }, { id, revision, rater, value, cohort = null }) {
      const key = { namespace, scope: `ratings/${canary}`, key: id };
      const content = contentOf([revision, rater, value, cohort]);
      const seen = log.seen(key, content);
      if (seen !== undefined) return seen;
      const { sequence, at } = log.append(key, content);
      const of = { namespace, canary, revision, unit: createHash("sha256").update(rater).digest("hex") };
      insert.run({ ...of, sequence, vote: votesBefore(of, sequence) + 1, outcome: value, cohort });
      touch({ namespace, canary, stream: "ratings" });
      return { result: "Accepted", sequence, at };
    },
    page(stream, { cursor, limit }) {
      const { namespace, canary, candidate, stable } = stream;
      const run = { namespace, canary, candidate, stable };
      const start = firstOf(stream) ?? Number.MAX_SAFE_INTEGER;
      const after = checkCursor(cursor, (sequence) => find.get({ ...run, sequence, first: start })?.id);
      const rows = select.all({ ...run, after: Math.max(after, start - 1), limit });
      // Numbered at commit; what a rater had said before the stream begins is taken off again.
      const records = rows.map((row) => {
        const { revision, unit } = row;
        return { ...row, vote: row.vote - votesBefore({ namespace, canary, revision, unit }, start) };
      });
      const head = Math.max(...[candidate, stable].map((revision) => newestOf({ namespace, canary, revision })));
      return { records, head: head < start ? 0 : head };
    },
  };
}
