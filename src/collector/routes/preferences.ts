import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import {
  LIMITS,
  type PostPreferencesResponse,
  PreferenceRecord,
  type StoredPreference,
} from "../../api/contracts/collector-api.ts";
import { parse } from "../intake.ts";
import { sendBatch, writeBatch } from "./batch-reply.ts";
import { sequenceParameter } from "./query.ts";
import { datasetOf, type RouteContext } from "./route-context.ts";

const CHUNK = 64 * 1024;

const Envelope = z.strictObject({ records: z.array(z.unknown()).min(1).max(LIMITS.items) });
const StreamQuery = z.strictObject({
  after: sequenceParameter.default(0),
  until: sequenceParameter.optional(),
  limit: z.coerce.number().int().min(1).optional(),
});
const HeadQuery = z.strictObject({ after: sequenceParameter.default(0) });

export function preferenceRoutes(app: FastifyInstance, context: RouteContext): void {
  const { store } = context;

  app.post("/datasets/:dataset/preferences", async (request, reply) => {
    const key = datasetOf(request.params);
    const { records } = parse(Envelope, request.body);
    const batch = await writeBatch(context, {
      kind: "preference",
      schema: PreferenceRecord,
      field: "records",
      values: records,
      add: (items) => store.addPreferences(key, items),
    });
    const accepted = batch.results.filter(({ result }) => result === "Accepted").length;
    const duplicates = batch.results.length - accepted;
    const { rejected, sequence } = batch;
    return sendBatch(reply, batch, { accepted, duplicates, rejected, sequence } satisfies PostPreferencesResponse);
  });

  app.get("/datasets/:dataset/preferences", async (request, reply) => {
    const key = datasetOf(request.params);
    const { after, until, limit } = parse(StreamQuery, request.query);
    // Pinned now: a stream of a dataset that grows meanwhile would have no end.
    const end = until ?? (await store.head(key, 0)).sequence;
    const records = store.preferences(key, { after, until: end });
    const lines = Readable.from(ndjson(records, limit ?? Number.POSITIVE_INFINITY));
    lines.on("error", (error) => request.log.error({ err: error }, `${request.url}: the stream was cut off`));
    return reply.type("application/x-ndjson").send(lines);
  });

  app.get("/datasets/:dataset/head", async (request) => {
    const { after } = parse(HeadQuery, request.query);
    return store.head(datasetOf(request.params), after);
  });
}

/** Lines in pieces of about CHUNK characters: the next one is read when the caller has taken the last. */
async function* ndjson(records: AsyncIterable<StoredPreference>, limit: number): AsyncGenerator<string> {
  let left = limit;
  let chunk = "";
  for await (const record of records) {
    chunk += `${JSON.stringify(record)}\n`;
    left -= 1;
    if (left === 0) break;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}
