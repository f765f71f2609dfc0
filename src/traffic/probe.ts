import { Client } from "undici";

/** Where one request goes. Behind an address there may be several proxies, of which any may answer. */
export interface ProbeTarget {
  /** An IP address or a host name. */
  readonly address: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Host header, and server name of TLS. */
  readonly host: string;
  /** Stands before the path, where only requests under it are taken. */
  readonly pathPrefix?: string;
}

export interface ProbeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Rejects when nothing answers; the error's `code` is Node's or undici's. */
export type Probe = (target: ProbeTarget, signal: AbortSignal) => Promise<ProbeAnswer>;

/** No model server generates anything for a GET of it, and the sampler drops the mirrored copy. */
export const PROBE_PATH = "/.well-known/dpo-probe";
const TIMEOUT_MS = 5_000;

/**
 * One GET on a connection of its own, since a connection kept open would lead to the same proxy again. A certificate is not
 * checked: nothing that is sent is a secret, and what is learnt moves no traffic by itself.
 */
export const probe: Probe = async ({ address, port, isTls, host, pathPrefix = "" }, signal) => {
  const authority = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  const client = new Client(`${isTls ? "https" : "http"}://${authority}`, {
    connect: { timeout: TIMEOUT_MS, servername: host, rejectUnauthorized: false },
    headersTimeout: TIMEOUT_MS,
  });
  try {
    const headers = { host, "user-agent": "dpo-operator" };
    const answer = await client.request({ method: "GET", path: `${pathPrefix}${PROBE_PATH}`, headers, signal });
    // Nobody reads the body; that it is cut off is no error of anybody's.
    answer.body.on("error", () => undefined);
    return { status: answer.statusCode, headers: answer.headers };
  } finally {
    await client.destroy();
  }
};
