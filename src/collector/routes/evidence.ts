import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import { type EvidenceAnswer, type EvidenceRead, EvidenceRequest } from "../../api/contracts/collector-api.ts";
import { errorBody } from "../error-reply.ts";
import { parse } from "../intake.ts";
import type { CollectorStore } from "../store.ts";
import { StoreError } from "../store-error.ts";
import type { RouteContext } from "./route-context.ts";

/** Characters that are sent at once: a chunk for every line is more work than the line. */
const CHUNK = 64 * 1024;

/** What the three streams of a canary give one by one, for a reader who follows a thousand. */
export function evidenceRoutes(app: FastifyInstance, { store }: RouteContext): void {
  app.post("/evidence", (request, reply) => {
    const { reads } = parse(EvidenceRequest, request.body);
    return reply.type("application/x-ndjson").send(Readable.from(chunksOf(store, reads)));
  });
}

async function* chunksOf(store: CollectorStore, reads: readonly EvidenceRead[]): AsyncGenerator<string> {
  let chunk = "";
  for (const read of reads) {
    chunk += `${JSON.stringify(await answerTo(store, read))}\n`;
    if (chunk.length < CHUNK) continue;
    yield chunk;
    chunk = "";
  }
  yield chunk;
}

async function answerTo(
  store: CollectorStore,
  { stream, cursor, limit, since, ...pair }: EvidenceRead,
): Promise<EvidenceAnswer> {
  const page = { cursor, limit };
  try {
    switch (stream) {
      case "comparisons":
        return { comparisons: await store.comparisons(pair, page) };
      case "checks":
        return { checks: await store.checks(pair, page) };
      case "ratings":
        return { ratings: await store.ratings({ ...pair, since }, page) };
    }
  } catch (error) {
    if (error instanceof StoreError) return { error: errorBody(error.reason, error.message, error.path) };
    throw error;
  }
}
