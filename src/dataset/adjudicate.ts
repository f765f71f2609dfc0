import type { DuckDBConnection } from "@duckdb/node-api";
import * as z from "zod";
import { selectRows } from "./database.ts";

const countsSchema = z.object({
  duplicates: z.coerce.number(),
  merged: z.coerce.number(),
  outvoted: z.coerce.number(),
  tied: z.coerce.number(),
  pairs: z.coerce.number(),
});

/** What became of the valid records: their number is the sum of these. */
export type Adjudication = z.infer<typeof countsSchema>;

/**
 * One vote a labeler and choice. Of equal records the one with the smallest row id stands for all, so that the order
 * of arrival decides nothing. Records without a labeler count as one unnamed labeler.
 */
const createVote = `CREATE TABLE vote AS
  SELECT pair_key, chosen_first, labeler, min(row_id) AS row_id, arg_min(rowid, row_id) AS record
  FROM record GROUP BY pair_key, chosen_first, labeler`;

const createVerdict = `CREATE TABLE verdict AS
  SELECT pair_key, count(*) FILTER (chosen_first) AS for_first, count(*) FILTER (NOT chosen_first) AS for_second
  FROM vote GROUP BY pair_key`;

/** The majority decides what is trained on; a tie teaches nothing and is dropped. A labeler who said both cancels out. */
const createPair = `CREATE TABLE pair AS
  WITH winner AS (
    SELECT arg_min(vote.record, vote.row_id) AS record FROM vote JOIN verdict USING (pair_key)
    WHERE for_first <> for_second AND chosen_first = (for_first > for_second) GROUP BY pair_key)
  SELECT winner.record, record.row_id, record.prompt_key, record.split
  FROM winner JOIN record ON record.rowid = winner.record`;

const selectCounts = `SELECT
  (SELECT count(*) FROM record) - (SELECT count(*) FROM vote) AS duplicates,
  coalesce(sum(greatest(for_first, for_second) - 1) FILTER (for_first <> for_second), 0) AS merged,
  coalesce(sum(least(for_first, for_second)) FILTER (for_first <> for_second), 0) AS outvoted,
  coalesce(sum(for_first + for_second) FILTER (for_first = for_second), 0) AS tied,
  count(*) FILTER (for_first <> for_second) AS pairs
  FROM verdict`;

/** Makes the tables `vote` (what labelers said) and `pair` (what is trained on) from `record`. */
export async function adjudicate(connection: DuckDBConnection): Promise<Adjudication> {
  for (const statement of [createVote, createVerdict, createPair]) await connection.run(statement);
  const [counts] = await selectRows(connection, selectCounts);
  return countsSchema.parse(counts);
}
