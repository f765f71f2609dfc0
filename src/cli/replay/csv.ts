import { decodeLine, type Line } from "../lines.ts";
import { changesQuoting, csvFields } from "./csv-record.ts";
import type { Row } from "./row.ts";

/** A record that is longer has a quote that nobody closed. */
const MAX_LINES = 1000;

/**
 * The rows of a CSV file under its header. A quoted field may hold line ends. What follows the first line of a row that
 * is not CSV is read again as rows of its own, so that a quote that nobody closed spoils no other row.
 */
export async function* csvRows(columns: readonly string[], lines: AsyncIterable<Line>): AsyncGenerator<Row> {
  let record: { readonly line: number; readonly text: string }[] = [];
  let isQuoted = false;

  function* take(line: number, text: string): Generator<Row> {
    record.push({ line, text });
    if (changesQuoting(text)) isQuoted = !isQuoted;
    if (!isQuoted || record.length >= MAX_LINES) yield* finish();
  }

  function* finish(): Generator<Row> {
    const [first, ...others] = record;
    const row = first && readRecord(first.line, record.map(({ text }) => text).join("\n"), columns);
    record = [];
    isQuoted = false;
    if (row !== undefined) yield row;
    if (row !== undefined && "fault" in row) for (const { line, text } of others) yield* take(line, text);
  }

  for await (const line of lines) {
    const text = decodeLine(line);
    if (text !== undefined) {
      yield* take(line.number, text);
      continue;
    }
    while (record.length > 0) yield* finish();
    yield { line: line.number, fault: "is not UTF-8: save the file as UTF-8" };
  }
  while (record.length > 0) yield* finish();
}

/** undefined: a blank line is no row. */
function readRecord(line: number, text: string, columns: readonly string[]): Row | undefined {
  if (text.trim() === "") return undefined;
  const fields = csvFields(text);
  if ("fault" in fields) return { line, ...fields };
  if (fields.length !== columns.length) {
    return { line, fault: `has ${fields.length} columns where the header has ${columns.length}` };
  }
  return { line, cells: Object.fromEntries(columns.map((name, index) => [name, fields[index]])) };
}
