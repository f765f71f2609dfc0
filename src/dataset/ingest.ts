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
  /** Chosen to learn from, of a prompt that is not trained on. */
  setAside: number;
}

/**
 * judged_at: Unix time in seconds; when the collector got it, where the labeler does not say. training: see PreferenceRecord.
 */
const createRecord = `CREATE TABLE record (row_id VARCHAR, prompt_key VARCHAR, split VARCHAR, pair_key VARCHAR,
  chosen_first BOOLEAN, prompt VARCHAR, chosen VARCHAR, rejected VARCHAR, labeler VARCHAR, labeled_at VARCHAR,
  cohort VARCHAR, judged_at DOUBLE, training BOOLEAN)`;

const columnTypes = [VARCHAR, VARCHAR, VARCHAR, VARCHAR, BOOLEAN, ...Array(6).fill(VARCHAR), DOUBLE, BOOLEAN];

/** DuckDB's own vector size. */
const rowsPerChunk = 2048;

/**
 * Reads every record into the table `record`; an invalid one is counted and left out, and costs no other its place. So is
 * one that was chosen to learn from where its prompt validates or is held out: these say how a model does on prompts as
 * they come.
 */
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
  let setAside = 0;
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
    const row = fault === undefined ? toRow(preference, shares) : undefined;
    if (fault !== undefined) tallyFault(invalid, fault, `record ${preference.id}`);
    else if (row === undefined) setAside += 1;
    else rows.push(row);
    if (rows.length === rowsPerChunk) flush();
  }
  if (rows.length > 0) flush();
  appender.closeSync();
  return { records, invalid, setAside };
}

/** undefined for one that is set aside. */
function toRow(preference: StoredPreference, shares: SplitShares): DuckDBValue[] | undefined {
  const { prompt, chosen, rejected, labeler, labeledAt, cohort, at, training } = preference;
  const key = promptKey(prompt);
  const split = splitOf(key, shares);
  if (training && split !== "train") return undefined;
  const labeled = labeledAt === null ? null : new Date(labeledAt).toISOString();
  const id = rowId({ prompt, chosen, rejected, labeler, labeledAt: labeled, cohort });
  const { pair, chosenFirst } = pairKeys(preference);
  const judgedAt = Date.parse(labeled ?? at) / 1000;
  const isChosen = training === true;
  return [id, key, split, pair, chosenFirst, prompt, chosen, rejected, labeler, labeled, cohort, judgedAt, isChosen];
}
