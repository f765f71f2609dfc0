import type { DuckDBConnection } from "@duckdb/node-api";
import * as z from "zod";
import { quoted, selectRows } from "./database.ts";
import { type SplitName, type SplitShares, splitNames, wantedSplits } from "./split.ts";

const countSchema = z.object({ split: z.enum(splitNames), prompts: z.coerce.number(), movable: z.coerce.number() });

/** Prompts that were chosen to learn from validate nothing. */
const isMovable = "prompt_key NOT IN (SELECT prompt_key FROM record WHERE training)";

/**
 * With few prompts chance may leave a split empty, and then nothing can be trained or validated. Such a split takes one
 * prompt, of those that were not chosen to learn from the one with the smallest key, from the split that has most of them;
 * train comes first. Returns prompts of each split.
 */
export async function fillEmptySplits(
  connection: DuckDBConnection,
  shares: SplitShares,
): Promise<Record<SplitName, number>> {
  const prompts: Record<SplitName, number> = { train: 0, heldOut: 0, validation: 0 };
  const movable = { ...prompts };
  const rows = await selectRows(
    connection,
    `SELECT split, count(DISTINCT prompt_key) AS prompts, count(DISTINCT prompt_key) FILTER (${isMovable}) AS movable
     FROM pair GROUP BY split`,
  );
  for (const row of rows) {
    const count = countSchema.parse(row);
    prompts[count.split] = count.prompts;
    movable[count.split] = count.movable;
  }
  for (const split of wantedSplits(shares)) {
    const donor = splitNames.reduce((most, name) => (movable[name] > movable[most] ? name : most));
    if (prompts[split] > 0 || prompts[donor] < 2 || movable[donor] === 0) continue;
    await connection.run(`UPDATE pair SET split = ${quoted(split)}
      WHERE prompt_key = (SELECT min(prompt_key) FROM pair WHERE split = ${quoted(donor)} AND ${isMovable})`);
    prompts[split] += 1;
    prompts[donor] -= 1;
    movable[split] += 1;
    movable[donor] -= 1;
  }
  return prompts;
}
