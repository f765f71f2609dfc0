import { BadLineError } from "./bad-line.ts";
import { type Element, elements } from "./elements.ts";
import { resplit } from "./resplit.ts";

export type Row = Record<string, unknown>;

/** One pair of the input as it was written, or what is wrong with its writing. */
export interface ParsedRow {
  line: number;
  row: Row | BadLineError;
}

/** The objects of a JSON array or of JSON lines. */
export function* parseRows(content: Uint8Array): Generator<ParsedRow> {
  for (const element of elements(content)) {
    const parsed = parseElement(element);
    const isBroken = parsed.row instanceof BadLineError && parsed.row.reason === "NotJson";
    if (isBroken) yield* resplit(element).map(parseElement);
    else yield parsed;
  }
}

function parseElement({ line, bytes }: Element): ParsedRow {
  const value = parseJson(bytes);
  if (value instanceof BadLineError) return { line, row: value };
  if (value !== null && typeof value === "object" && !Array.isArray(value)) return { line, row: { ...value } };
  return { line, row: new BadLineError("NotAnObject", "must be a JSON object with the columns of one pair") };
}

function parseJson(bytes: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new BadLineError("NotUtf8", "is not UTF-8: save the file as UTF-8");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    return new BadLineError("NotJson", `is not JSON: ${error instanceof Error ? error.message : error}`);
  }
}
