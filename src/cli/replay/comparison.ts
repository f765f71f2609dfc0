import * as z from "zod";
import type { Row } from "./row.ts";

/** One recorded comparison. */
export interface RecordedComparison {
  /** null: the file does not name it. */
  readonly model: string | null;
  /** How much the candidate was preferred, from 0 to 1. */
  readonly outcome: number;
  /** null: the file does not say. */
  readonly labeler: string | null;
  readonly cohort: string | null;
}

const WORDS: ReadonlyMap<string, number> = new Map([
  ["win", 1],
  ["tie", 0.5],
  ["loss", 0],
]);
const WANTED = "a number from 1 to 2 (1 + P(candidate preferred)) or win, tie, loss";
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const Name = z
  .union([z.string(), z.number().transform(String)])
  .nullish()
  .transform((name) => name || null);

const Cells = z.object({
  model: Name,
  // What only some replays ask for costs the others no row.
  labeler: Name.catch(null),
  cohort: Name.catch(null),
  /** 1 + P(candidate preferred), or a word. */
  preference: z.unknown().transform((value, context) => {
    const outcome = outcomeOf(value);
    if (outcome !== undefined) return outcome;
    const isMissing = value === undefined || value === null || value === "";
    context.addIssue(isMissing ? `is missing: it is ${WANTED}` : `${JSON.stringify(value)} is not ${WANTED}`);
    return z.NEVER;
  }),
});

/** A row as a comparison, or why it is none. */
export function toComparison(row: Row): RecordedComparison | { readonly fault: string } {
  if ("fault" in row) return row;
  const parsed = Cells.safeParse(row.cells);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { fault: `${issue?.path.join(".")} ${issue?.message}` };
  }
  const { preference: outcome, ...names } = parsed.data;
  return { ...names, outcome };
}

function outcomeOf(value: unknown): number | undefined {
  const text = typeof value === "string" ? value.trim().toLowerCase() : undefined;
  const preference = text === undefined ? value : NUMBER.test(text) ? Number(text) : undefined;
  if (typeof preference === "number") return preference >= 1 && preference <= 2 ? preference - 1 : undefined;
  return text === undefined ? undefined : WORDS.get(text);
}
