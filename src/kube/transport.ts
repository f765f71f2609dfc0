/**
 * The wire to the API server. What it guarantees: every request but a watch has a deadline; whatever is not 2xx is an
 * ApiError, no answer is a ConnectionError; each transport has connections of its own, and each of its requests one for
 * itself, so that a stuck watch takes nothing with it; a connection that swallowed a request is not used again. A
 * Transport is one attempt; retries (`retry.ts`) and interceptors are wrapped around it.
 */
import { Agent, type Dispatcher } from "undici";
import type { ClusterConfig } from "./config.ts";
import { apiError, ConnectionError } from "./errors.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default 30 s. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface ApiResponse {
  readonly status: number;
  readonly body: unknown;
}

export interface Transport {
  send(request: ApiRequest): Promise<ApiResponse>;
  /** The answer's bytes as they come. `deadlineMs` counts until the header. Aborting the signal closes the stream. */
  stream(request: ApiRequest): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/**
 * Stands before every attempt of a write. It may refuse it (the leader's fence) or fail after `send` has returned (tests
 * that crash between two writes).
 */
export type Interceptor = (request: ApiRequest, send: () => Promise<ApiResponse>) => Promise<ApiResponse>;

const DEADLINE_MS = 30_000;
const KEEP_ALIVE_MS = 90_000;

function createAgent(config: ClusterConfig): Agent {
  return new Agent({
    connect: { ...defined(config.tls), keepAlive: true, keepAliveInitialDelay: 30_000 },
    connectTimeout: 10_000,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // One connection for all watches is one that all of them lose; and destroying it under open streams can end the process
    // with an 'error' event that nobody hears.
    allowH2: false,
    // A watch is silent as long as nothing happens: the reflector watches the silence.
    bodyTimeout: 0,
    headersTimeout: 0,
  } as Agent.Options);
}

export function createTransport(config: ClusterConfig): Transport {
  const agent = createAgent(config);

  /** One exchange under the request's deadline and signal: where they end it, its connection is closed. */
  async function attempt<T>(request: ApiRequest, read: (response: Dispatcher.ResponseData) => Promise<T>): Promise<T> {
    const deadlineMs = request.deadlineMs ?? DEADLINE_MS;
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), deadlineMs);
    const signal = AbortSignal.any(request.signal ? [deadline.signal, request.signal] : [deadline.signal]);
    try {
      return await read(await exchange(config, agent, request, signal));
    } catch (error) {
      throw explain(request, error, deadline.signal.aborted ? deadlineMs : undefined);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    send: (request) =>
      attempt(request, async ({ statusCode, body }) => ({ status: statusCode, body: parseJson(await body.text()) })),
    stream: (request) => attempt(request, async ({ body }) => bytes(request, body)),
    close: () => agent.destroy(),
  };
}

async function exchange(
  config: ClusterConfig,
  agent: Agent,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const url = new URL(request.path, config.server);
  for (const [name, value] of Object.entries(request.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers = { ...(await config.headers()), accept: "application/json" };
  const response = await agent.request({
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: request.method,
    headers: request.body === undefined ? headers : { ...headers, "content-type": contentType(request) },
    body: request.body === undefined ? null : wireText(request.body),
    signal,
  });
  if (response.statusCode >= 200 && response.statusCode < 300) return response;
  const retryAfter = Number(response.headers["retry-after"]);
  throw apiError(
    describe(request),
    response.statusCode,
    parseJson(await response.body.text()),
    Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined,
  );
}

/** Puts `interceptor` before every write; reads and watches pass. */
export function intercepted(transport: Transport, interceptor: Interceptor): Transport {
  return {
    ...transport,
    send: (request) =>
      request.method === "GET" ? transport.send(request) : interceptor(request, () => transport.send(request)),
  };
}

async function* bytes(request: ApiRequest, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw explain(request, error, undefined);
  }
}

function explain(request: ApiRequest, error: unknown, expiredMs: number | undefined): unknown {
  if (expiredMs !== undefined) {
    return new ConnectionError(`${describe(request)}: no answer in ${expiredMs} ms`, "DeadlineExceeded", {
      cause: error,
    });
  }
  if (request.signal?.aborted) return request.signal.reason;
  if (error instanceof Error && "code" in error && typeof error.code === "string") {
    return new ConnectionError(`${describe(request)}: ${error.message || error.code}`, error.code, { cause: error });
  }
  return error;
}

function describe({ method, path }: ApiRequest): string {
  return `${method} ${path}`;
}

function contentType({ contentType }: ApiRequest): string {
  return contentType ?? "application/json";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function defined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * JSON that the API server takes in every content type. It reads an apply as YAML, in which half a surrogate pair and some
 * characters that JSON has as they are are errors: a write must not fail by the words of whoever is quoted in it.
 */
function wireText(body: unknown): string {
  const json = JSON.stringify(body, (_, value: unknown) => (typeof value === "string" ? value.toWellFormed() : value));
  return json.replace(/[\u007f-\u009f\ufeff\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
