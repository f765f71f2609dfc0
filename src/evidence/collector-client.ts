import { readFile } from "node:fs/promises";
import { Agent, type Dispatcher, request } from "undici";
import type { z } from "zod";
import {
  CheckPage,
  ComparisonPage,
  type Cursor,
  DatasetHead,
  ErrorBody,
  type PostPairRequest,
  PostPairResponse,
  StoredPreference,
} from "../api/contracts/collector-api.ts";
import { CollectorError, CursorUnknown } from "./collector-error.ts";
import { lines } from "./ndjson.ts";

export interface CollectorClientConfig {
  /** Scheme, host and port, no path. */
  url: string;
  /** A projected token with the collector's audience; read anew for each call, since the kubelet rotates it. */
  tokenFile: string;
}

/** Which records: what one run's candidate did against one stable, after the last record already folded. */
export interface EvidenceQuery {
  namespace: string;
  canary: string;
  candidate: string;
  cursor: Cursor | null;
  limit?: number;
  /** Seconds the collector may keep the request until there is something new; 0, the default, answers at once. */
  wait?: number;
  signal?: AbortSignal;
}

export interface ComparisonsQuery extends EvidenceQuery {
  stable: string;
}

export interface DatasetQuery {
  namespace: string;
  dataset: string;
  /** Only what has a higher sequence number than this. */
  after?: number;
  signal?: AbortSignal;
}

export interface PreferencesQuery extends DatasetQuery {
  /** The last sequence number wanted; what is committed when the stream starts, unless given. */
  until?: number;
}

export interface PairToPost {
  namespace: string;
  dataset: string;
  pair: PostPairRequest;
  signal?: AbortSignal;
}

/**
 * The collector as manager, sampler and profile see it. Every call rejects with a CollectorError; comparisons and
 * checks with CursorUnknown when the collector does not know the cursor, as after a restore from a backup.
 */
export interface CollectorClient {
  comparisons(query: ComparisonsQuery): Promise<ComparisonPage>;
  checks(query: EvidenceQuery): Promise<CheckPage>;
  head(query: DatasetQuery): Promise<DatasetHead>;
  postPair(post: PairToPost): Promise<PostPairResponse>;
  /** In the order of their sequence numbers, never more than a few in memory. An incomplete stream throws. */
  streamPreferences(query: PreferencesQuery): AsyncIterable<StoredPreference>;
  close(): Promise<void>;
}

/** Milliseconds for a connection, and for an answer beyond what the caller lets the collector wait. */
const CONNECT_TIMEOUT = 3_000;
const ANSWER_TIMEOUT = 10_000;

type Query = Record<string, string | number | undefined>;

interface Call {
  method: "GET" | "POST";
  path: string;
  query?: Query;
  body?: unknown;
  waitSeconds?: number;
  signal: AbortSignal | undefined;
}

export function createCollectorClient(config: CollectorClientConfig): CollectorClient {
  const agent = new Agent({ connect: { timeout: CONNECT_TIMEOUT } });

  async function send(call: Call): Promise<Dispatcher.ResponseData> {
    const url = new URL(call.path, config.url);
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const timeout = ANSWER_TIMEOUT + (call.waitSeconds ?? 0) * 1_000;
    try {
      const token = (await readFile(config.tokenFile, "utf8")).trim();
      const response = await request(url, {
        dispatcher: agent,
        method: call.method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(call.body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
        headersTimeout: timeout,
        bodyTimeout: ANSWER_TIMEOUT,
        signal: call.signal ?? null,
      });
      if (response.statusCode < 300) return response;
      throw refusal(response.statusCode, await response.body.text(), `${call.method} ${url.href}`);
    } catch (cause) {
      throw asCollectorError(cause, `${call.method} ${url.href}`, call.signal);
    }
  }

  async function receive<Schema extends z.ZodType>(schema: Schema, call: Call): Promise<z.infer<Schema>> {
    const response = await send(call);
    const what = `${call.method} ${call.path}`;
    let text: string;
    try {
      text = await response.body.text();
    } catch (cause) {
      throw asCollectorError(cause, what, call.signal);
    }
    return parseAnswer(schema, text, what);
  }

  async function* preferences(query: PreferencesQuery): AsyncGenerator<StoredPreference> {
    const path = `${datasetPath(query)}/preferences`;
    const range = { after: query.after, until: query.until };
    const response = await send({ method: "GET", path, query: range, signal: query.signal });
    try {
      for await (const line of lines(response.body)) yield parseAnswer(StoredPreference, line, `GET ${path}`);
    } catch (cause) {
      throw asCollectorError(cause, `GET ${path}`, query.signal);
    }
  }

  return {
    comparisons: (query) =>
      receive(ComparisonPage, evidenceCall("comparisons", query, { candidate: query.candidate, stable: query.stable })),
    checks: (query) => receive(CheckPage, evidenceCall("checks", query, { candidate: query.candidate })),
    head: (query) =>
      receive(DatasetHead, {
        method: "GET",
        path: `${datasetPath(query)}/head`,
        query: { after: query.after },
        signal: query.signal,
      }),
    postPair: (post) =>
      receive(PostPairResponse, {
        method: "POST",
        path: `${datasetPath(post)}/pairs`,
        body: post.pair,
        signal: post.signal,
      }),
    streamPreferences: preferences,
    close: () => agent.destroy(),
  };
}

function datasetPath({ namespace, dataset }: { namespace: string; dataset: string }): string {
  return `/v1/namespaces/${encodeURIComponent(namespace)}/datasets/${encodeURIComponent(dataset)}`;
}

function evidenceCall(kind: "comparisons" | "checks", query: EvidenceQuery, revisions: Query): Call {
  const canary = `/v1/namespaces/${encodeURIComponent(query.namespace)}/canaries/${encodeURIComponent(query.canary)}`;
  const cursor = query.cursor === null ? {} : { after: query.cursor.sequence, afterId: query.cursor.id };
  return {
    method: "GET",
    path: `${canary}/${kind}`,
    query: { ...revisions, ...cursor, limit: query.limit, wait: query.wait },
    signal: query.signal,
    ...(query.wait === undefined ? {} : { waitSeconds: query.wait }),
  };
}

function parseAnswer<Schema extends z.ZodType>(schema: Schema, text: string, what: string): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CollectorError("AnswerNotUnderstood", 200, `${what}: the collector's answer is not JSON`);
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const message = `${what}: the collector's answer at ${issue?.path.join(".")}: ${issue?.message}`;
  throw new CollectorError("AnswerNotUnderstood", 200, message);
}

function refusal(status: number, text: string, what: string): CollectorError {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  const parsed = ErrorBody.safeParse(body);
  if (!parsed.success) return new CollectorError("Unexpected", status, `${what}: HTTP ${status}`);
  const { reason, message } = parsed.data.error;
  return reason === "CursorUnknown"
    ? new CursorUnknown(status, `${what}: ${message}`)
    : new CollectorError(reason, status, `${what}: ${message}`);
}

/** The caller's own abort is passed on as it is; everything else says what was asked and why there is no answer. */
function asCollectorError(cause: unknown, what: string, signal: AbortSignal | undefined): unknown {
  if (cause instanceof CollectorError || signal?.aborted) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CollectorError("Unreachable", 0, `${what}: ${message}`, { cause });
}
