import type { Cursor } from "../api/contracts/collector-api.ts";
import { ARCHIVE_FORMAT, ARCHIVED_STREAMS, type ArchiveRequest } from "../api/contracts/run-archive.ts";
import { canonicalJson, type JsonObject } from "../artifacts/canonical-json.ts";
import type { CanaryKey, CollectorStore, Page } from "./store.ts";

type Source = Pick<CollectorStore, "comparisons" | "checks" | "ratings">;
type Read = (page: Page) => Promise<{ readonly records: readonly (JsonObject & Cursor)[] }>;

/** Records read at once: the most that is in memory, however long the run was. */
const PAGE = 1_000;

/**
 * The lines of a run's archive: what it was, then all the evidence that it had folded. Records never change, and no
 * stream gets one before another, so the same request has the same lines at any time. Rejects with CursorUnknown where
 * the store is not the one that the run was judged by, as after a restore.
 */
export async function* archiveLines(store: Source, key: CanaryKey, request: ArchiveRequest): AsyncGenerator<string> {
  const { candidate, stable, comparedWith = stable, until } = request;
  const pair = { ...key, candidate, stable };
  const reads: Readonly<Record<(typeof ARCHIVED_STREAMS)[number], Read>> = {
    comparisons: (page) => store.comparisons({ ...pair, stable: comparedWith }, page),
    checks: (page) => store.checks(pair, page),
    ratings: (page) => store.ratings(pair, page),
  };
  yield lineOf({ format: ARCHIVE_FORMAT, ...key, ...request });
  for (const stream of ARCHIVED_STREAMS) {
    const end = until[stream];
    if (end === undefined) continue;
    for await (const record of recordsUntil(reads[stream], end)) yield lineOf({ stream, record });
  }
}

async function* recordsUntil(read: Read, end: Cursor): AsyncGenerator<JsonObject> {
  await read({ cursor: end, limit: 1 });
  let cursor: Cursor | null = null;
  while ((cursor?.sequence ?? 0) < end.sequence) {
    const { records }: Awaited<ReturnType<Read>> = await read({ cursor, limit: PAGE });
    yield* records.filter(({ sequence }) => sequence <= end.sequence);
    const last = records.at(-1);
    if (last === undefined) return;
    cursor = { sequence: last.sequence, id: last.id };
  }
}

function lineOf(value: JsonObject): string {
  return `${canonicalJson(value)}\n`;
}
