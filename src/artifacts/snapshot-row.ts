import * as z from "zod";
import { type Digest, digestOf, sha256Hex } from "./digest.ts";

/** One preference of a snapshot. labeledAt is an ISO time in UTC with milliseconds. */
export interface SnapshotRow {
  prompt: string;
  chosen: string;
  rejected: string;
  labeler: string | null;
  labeledAt: string | null;
  cohort: string | null;
}

/** A row as the Parquet files hold it; every column is text. */
export const parquetRowSchema = z.object({
  row_id: z.string(),
  prompt: z.string(),
  chosen: z.string(),
  rejected: z.string(),
  labeler: z.string().nullish(),
  labeled_at: z.string().nullish(),
  cohort: z.string().nullish(),
});

export type ParquetRow = z.infer<typeof parquetRowSchema>;

/** The id of a row is its content: hex sha256 of a JSON array, so that no text can imitate a separator. */
export function rowId({ prompt, chosen, rejected, labeler, labeledAt, cohort }: SnapshotRow): string {
  return sha256Hex(JSON.stringify([prompt, chosen, rejected, labeler, labeledAt, cohort]));
}

/** The id that a stored row must carry, to be compared with its `row_id`. */
export function parquetRowId(row: ParquetRow): string {
  const { prompt, chosen, rejected, labeler = null, labeled_at: labeledAt = null, cohort = null } = row;
  return rowId({ prompt, chosen, rejected, labeler, labeledAt, cohort });
}

/** The digest of a split: of its row ids, sorted and joined by newlines. */
export function splitDigest(rowIds: Iterable<string>): Digest {
  return digestOf([...rowIds].sort().join("\n"));
}

/** The file of a split, in the snapshot's folder. */
export function splitFile(split: string): string {
  return `${split}.parquet`;
}
