import { BOOLEAN, DOUBLE, type DuckDBConnection, DuckDBDataChunk, type DuckDBValue, VARCHAR } from "@duckdb/node-api";
import type { StoredPreference } from "../api/contracts/collector-api.ts";
import { rowId } from "../artifacts/snapshot-row.ts";
import { emptyTally, type InvalidTally, tallyFault } from "./invalid-tally.ts";
import { pairFault } from "./pair-fault.ts";
import { pairKeys } from "./record-keys.ts";
import { promptKey, type SplitShares, splitOf } from "./split.ts";

export interface Ingested {
  records: number;
  invalid: InvalidTally;
}

/** judged_at: Unix time in seconds; when the collector got it, where the labeler does not say. */
const createRecord = `CREATE TABLE record (row_id VARCHAR, prompt_key VARCHAR, split VARCHAR, pair_key VARCHAR,
  chosen_first BOOLEAN, prompt VARCHAR, chosen VARCHAR, rejected VARCHAR, labeler VARCHAR, labeled_at VARCHAR,
  cohort VARCHAR, judged_at DOUBLE)`;

const columnTypes = [VARCHAR, VARCHAR, VARCHAR, VARCHAR, BOOLEAN, ...Array(6).fill(VARCHAR), DOUBLE];

/** DuckDB's own vector size. */
const rowsPerChunk = 2048;

/** Reads every record into the table `record`; an invalid one is counted and left out, and costs no other its place. */
export async function ingest(
  connection: DuckDBConnection,
  preferences: AsyncIterable<StoredPreference>,
  shares: SplitShares,
): Promise<Ingested> {
  await connection.run(createRecord);
  const appender = await connection.createAppender("record");
  const chunk = DuckDBDataChunk.create(columnTypes);
  const invalid = emptyTally();
  let rows: DuckDBValue[][] = [];
  let records = 0;
  function flush(): void {
    chunk.setRows(rows);
    appender.appendDataChunk(chunk);
    // Left alone it keeps 200,000 rows, outside of the memory limit.
    appender.flushSync();
    chunk.reset();
    rows = [];
  }
  for await (const preference of preferences) {
    records += 1;
    const fault = pairFault(preference);
    if (fault === undefined) rows.push(toRow(preference, shares));
    else tallyFault(invalid, fault, `record ${preference.id}`);
    if (rows.length === rowsPerChunk) flush();
  }
  if (rows.length > 0) flush();
  appender.closeSync();
  return { records, invalid };
}

function toRow(preference: StoredPreference, shares: SplitShares): DuckDBValue[] {
  const { prompt, chosen, rejected, labeler, labeledAt, cohort, at } = preference;
  const labeled = labeledAt === null ? null : new Date(labeledAt).toISOString();
  const id = rowId({ prompt, chosen, rejected, labeler, labeledAt: labeled, cohort });
  const key = promptKey(prompt);
  const { pair, chosenFirst } = pairKeys(preference);
  const judgedAt = Date.parse(labeled ?? at) / 1000;
  return [
    id,
    key,
    splitOf(key, shares),
    pair,
    chosenFirst,
    prompt,
    chosen,
    rejected,
    labeler,
    labeled,
    cohort,
    judgedAt,
  ];
}
