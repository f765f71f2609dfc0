import { gunzipSync } from "node:zlib";
import { PreferenceRecord } from "../../api/contracts/collector-api.ts";
import { rowId } from "../../artifacts/snapshot-row.ts";
import { pairFault } from "../pair-fault.ts";
import { BadLineError, type BadLineReason } from "./bad-line.ts";
import type { Columns } from "./columns.ts";
import { pairTexts } from "./pair-texts.ts";
import { parseRows, type Row } from "./parse-rows.ts";

export interface ImportedPairs {
  /** what to post to the collector, each with the line it begins on */
  records: { line: number; record: PreferenceRecord }[];
  bad: BadLine[];
}

export interface BadLine {
  line: number;
  reason: BadLineReason;
  message: string;
}

/**
 * Reads somebody's own preferences: JSONL or a JSON array, as it is or gzipped, with TRL's columns, mapped ones, or
 * whole conversations that imply the prompt. A record's id is a hash of its content, so that importing a file again
 * adds nothing. Throws an Error only if the file as a whole cannot be unpacked.
 */
export function importPairs(content: Uint8Array, columns: Columns = {}): ImportedPairs {
  const imported: ImportedPairs = { records: [], bad: [] };
  for (const { line, row } of parseRows(unpacked(content))) {
    try {
      if (row instanceof BadLineError) throw row;
      imported.records.push({ line, record: toRecord(row, columns) });
    } catch (error) {
      if (!(error instanceof BadLineError)) throw error;
      imported.bad.push({ line, reason: error.reason, message: error.message });
    }
  }
  return imported;
}

function unpacked(content: Uint8Array): Uint8Array {
  const isGzip = content[0] === 0x1f && content[1] === 0x8b;
  const plain = isGzip ? gunzipSync(content) : content;
  const hasByteOrderMark = plain[0] === 0xef && plain[1] === 0xbb && plain[2] === 0xbf;
  return hasByteOrderMark ? plain.subarray(3) : plain;
}

function toRecord(row: Row, columns: Columns): PreferenceRecord {
  const texts = pairTexts(row, columns);
  const fault = pairFault(texts);
  if (fault !== undefined) throw new BadLineError(fault.reason, fault.message);
  const draft = { ...texts, ...attributes(row, columns) };
  const parsed = PreferenceRecord.omit({ id: true }).safeParse(draft);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BadLineError("NotAccepted", `${issue?.path.join(".")}: ${issue?.message}`);
  }
  const { prompt, chosen, rejected, labeler = null, labeledAt = null, cohort = null } = parsed.data;
  return { id: rowId({ prompt, chosen, rejected, labeler, labeledAt, cohort }), ...parsed.data };
}

/** What a row says besides its texts; a number that names a labeler is as good as a name. */
function attributes(row: Row, columns: Columns): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const field of ["labeler", "labeledAt", "cohort"] as const) {
    const value = row[columns[field] ?? field];
    if (value === undefined || value === null || value === "") continue;
    found[field] = typeof value === "number" ? String(value) : value;
  }
  if (row.training === true) found.training = true;
  return found;
}
