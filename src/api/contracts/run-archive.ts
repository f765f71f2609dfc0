/**
 * A run that is over, with all that it was judged by, as one file: JSON lines, gzip. The first line says what the run
 * was (`ArchiveHeader`), each of the others is a record of one stream of evidence, in the collector's order. Every
 * line is canonical JSON, so that the digest of the unpacked text names the run, whoever packs it.
 */
import * as z from "zod";
import { digestSchema } from "../../artifacts/digest.ts";
import { Cursor } from "./collector-api.ts";

export const ARCHIVE_FORMAT = "dpo.dev/run-archive/v1";

/** Their order in the file. */
export const ARCHIVED_STREAMS = ["comparisons", "checks", "ratings"] as const;
export type ArchivedStream = (typeof ARCHIVED_STREAMS)[number];

/**
 * POST …/canaries/{canary}/archives. `until`: the last record of each stream that was folded; absent where none was.
 * `comparedWith`: what comparisons are read by in place of stable, where they are with a baseline. `asked`: likewise the last answer that
 * each gate has folded for which other systems are asked, of those since then. `ratedSince`: what the stream of ratings begins with.
 */
export const ArchiveRequest = z.strictObject({
  candidate: z.string().min(1),
  stable: z.string().min(1),
  comparedWith: z.string().min(1).exactOptional(),
  ratedSince: z.iso.datetime().exactOptional(),
  until: z.strictObject({
    comparisons: Cursor.exactOptional(),
    checks: Cursor.exactOptional(),
    ratings: Cursor.exactOptional(),
  }),
  asked: z.strictObject({ since: z.iso.datetime(), until: z.record(z.string().min(1), Cursor) }).exactOptional(),
  /** What it was and what status said of it; the collector keeps it and does not look into it. */
  run: z.record(z.string(), z.json()),
});
export type ArchiveRequest = z.infer<typeof ArchiveRequest>;

/** The same request gives the same digest, however often it comes. */
export const ArchiveReply = z.object({ digest: digestSchema, path: z.string() });
export type ArchiveReply = z.infer<typeof ArchiveReply>;
