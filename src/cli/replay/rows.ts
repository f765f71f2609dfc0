import { Failure } from "../failure.ts";
import { after, decodeLine, type Line } from "../lines.ts";
import { csvRows } from "./csv.ts";
import { csvFields } from "./csv-record.ts";
import { jsonlRows } from "./jsonl.ts";
import type { Row } from "./row.ts";

/** The rows of a CSV or JSONL file: the first line that is not blank says which. Throws a Failure when it is neither. */
export async function* readRows(name: string, lines: AsyncGenerator<Line>): AsyncGenerator<Row> {
  const first = await firstLine(lines);
  const text = first && decodeLine(first)?.trim();
  if (first === undefined) throw new Failure(`${name} is empty: it needs one row a comparison`);
  if (text?.startsWith("{")) {
    yield* jsonlRows(after(first, lines));
    return;
  }
  if (text?.startsWith("[")) throw new Failure(`${name} is a JSON array: write one object a line (jq -c '.[]')`);
  const columns = columnsOf(text);
  if (!columns.includes("preference")) {
    throw new Failure(
      `${name}: line ${first.number} should be a CSV header with a column "preference", or JSON objects`,
    );
  }
  yield* csvRows(columns, lines);
}

async function firstLine(lines: AsyncGenerator<Line>): Promise<Line | undefined> {
  for (let next = await lines.next(); !next.done; next = await lines.next()) {
    if (decodeLine(next.value)?.trim() !== "") return next.value;
  }
  return undefined;
}

function columnsOf(header = ""): string[] {
  const fields = csvFields(header);
  return "fault" in fields ? [] : fields.map((field) => field.trim());
}
