import type { AskedAnswer, Cursor } from "../api/contracts/collector-api.ts";
import { ARCHIVE_FORMAT, ARCHIVED_STREAMS, type ArchiveRequest } from "../api/contracts/run-archive.ts";
import { canonicalJson, type JsonObject } from "../artifacts/canonical-json.ts";
import type { CanaryKey, CollectorStore, Page } from "./store.ts";

type Source = Pick<CollectorStore, "comparisons" | "checks" | "ratings" | "asked">;
type Read = (page: Page) => Promise<{ readonly records: readonly (JsonObject & Cursor)[] }>;

/** Records read at once: the most that is in memory, however long the run was. */
const PAGE = 1_000;

/**
 * The lines of a run's archive: what it was, then all the evidence that it had folded, and at last what other systems had answered. Records never
 * change, and no stream gets one before another, so the same request has the same lines at any time, once the operator has told what it was answered. Rejects with CursorUnknown where
 * the store is not the one that the run was judged by, as after a restore.
 */
export async function* archiveLines(store: Source, key: CanaryKey, request: ArchiveRequest): AsyncGenerator<string> {
  const { candidate, stable, comparedWith = stable, ratedSince, until } = request;
  const pair = { ...key, candidate, stable };
  const reads: Readonly<Record<(typeof ARCHIVED_STREAMS)[number], Read>> = {
    comparisons: (page) => store.comparisons({ ...pair, stable: comparedWith }, page),
    checks: (page) => store.checks(pair, page),
    ratings: (page) => store.ratings({ ...pair, since: ratedSince }, page),
  };
  yield lineOf({ format: ARCHIVE_FORMAT, ...key, ...request });
  for (const stream of ARCHIVED_STREAMS) {
    const end = until[stream];
    if (end === undefined) continue;
    for await (const record of recordsUntil(reads[stream], end)) yield lineOf({ stream, record });
  }
  const { since, until: ends = {} } = request.asked ?? {};
  for (const gate of Object.keys(ends).toSorted()) {
    const read = (after: number) =>
      store.asked({ ...key, candidate, since: since ?? "", gate }, { after, limit: PAGE });
    for await (const record of answersUntil(read, ends[gate]?.sequence ?? 0))
      yield lineOf({ stream: "asked", gate, record });
  }
}

/** As far as they are there: the operator may have died, or the collector been away, before one was told. */
async function* answersUntil(
  read: (after: number) => Promise<AskedAnswer[]>,
  end: number,
): AsyncGenerator<AskedAnswer> {
  for (let after = 0; after < end; ) {
    const answers = await read(after);
    yield* answers.filter(({ sequence }) => sequence <= end);
    const last = answers.at(-1);
    if (last === undefined) return;
    after = last.sequence;
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
