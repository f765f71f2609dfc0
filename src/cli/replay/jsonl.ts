import { decodeLine, type Line } from "../lines.ts";
import type { Row } from "./row.ts";

/** The rows of a file with one JSON object a line. */
export async function* jsonlRows(lines: AsyncIterable<Line>): AsyncGenerator<Row> {
  for await (const line of lines) {
    const text = decodeLine(line);
    if (text?.trim() !== "") yield readLine(line.number, text);
  }
}

function readLine(line: number, text: string | undefined): Row {
  if (text === undefined) return { line, fault: "is not UTF-8: save the file as UTF-8" };
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { line, cells: { ...value } };
    return { line, fault: "is not a JSON object" };
  } catch (error) {
    return { line, fault: `is not JSON: ${error instanceof Error ? error.message : error}` };
  }
}
