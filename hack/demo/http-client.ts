import { Pool } from "undici";

/** One answer: its status, headers and body as JSON (undefined when it is none). */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export interface HttpClient {
  send(method: "GET" | "POST", path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 30_000;

/** Talks to one host name behind the gateway, as people and programs outside the cluster do. */
export function createHttpClient(gatewayUrl: string, host: string, token?: string): HttpClient {
  const pool = new Pool(gatewayUrl, { connections: 16, headersTimeout: TIMEOUT_MS, bodyTimeout: TIMEOUT_MS });
  const headers = { host, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
  return {
    async send(method, path, body) {
      const response = await pool.request({
        method,
        path,
        headers: body === undefined ? headers : { ...headers, "content-type": "application/json" },
        body: body === undefined ? null : JSON.stringify(body),
      });
      return { status: response.statusCode, headers: response.headers, body: parsed(await response.body.text()) };
    },
    close: () => pool.close(),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
