import type { DuckDBConnection } from "@duckdb/node-api";
import * as z from "zod";
import { selectRows } from "./database.ts";

const select = `
  WITH busy AS (SELECT count(*) AS votes FROM vote WHERE labeler IS NOT NULL GROUP BY labeler)
  SELECT count(*) AS labelers, max(votes) / sum(votes) AS share,
    (SELECT median(judged_at) FROM vote JOIN record ON record.rowid = vote.record) AS judged
  FROM busy`;

const rowSchema = z.object({
  labelers: z.coerce.number(),
  share: z.number().nullable(),
  judged: z.number().nullable(),
});

export interface Labelers {
  labelers: number;
  /** of the votes that name their labeler; null without any */
  largestLabelerShare: number | null;
  /** seconds between the median vote and `now`, which two clocks may make negative: then 0 */
  medianAgeSeconds: number | null;
}

export async function measureLabelers(connection: DuckDBConnection, now: Date): Promise<Labelers> {
  const [row] = await selectRows(connection, select);
  const { labelers, share, judged } = rowSchema.parse(row);
  const medianAgeSeconds = judged === null ? null : Math.max(0, Math.round(now.getTime() / 1000 - judged));
  return { labelers, largestLabelerShare: share, medianAgeSeconds };
}
