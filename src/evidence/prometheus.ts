import { readFile } from "node:fs/promises";
import { Agent } from "undici";
import * as z from "zod";
import { type Clock, withDeadline } from "../runtime/clock.ts";

/** A Prometheus, or what speaks its API, as the platform names it to its tenants. */
export const PrometheusServer = z.strictObject({
  name: z.string().min(1),
  /** Up to /api/v1, which is added. Never told to tenants: the name stands for it. */
  url: z.url({ protocol: /^https?$/ }),
  /** A bearer token; read anew for each query, so that it can be changed. */
  tokenFile: z.string().min(1).exactOptional(),
});
export type PrometheusServer = z.infer<typeof PrometheusServer>;

/** What a query was worth at a moment: a finite number, or nothing, for a reason in words. */
export type Instant = { readonly value: number } | { readonly empty: string };

/** Why a query has no answer, in words that begin with the server's name. */
export class PrometheusError extends Error {
  override readonly name = "PrometheusError";
}

export interface PrometheusClient {
  /** Rejects with a PrometheusError, or with the signal's own reason. */
  query(server: string, query: string, at: Date, signal: AbortSignal): Promise<Instant>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 10_000;
/** To one of them; the others wait, as after a restart when all want to know at once. */
const CONNECTIONS = 8;
const MAX_BYTES = 1 << 20;
/** As much of a query as tells which one it is. */
const SHOWN = 200;

export function createPrometheusClient(servers: readonly PrometheusServer[], clock: Clock): PrometheusClient {
  const agent = new Agent({ connections: CONNECTIONS, connect: { timeout: 3_000 }, maxResponseSize: MAX_BYTES });

  async function post(server: PrometheusServer, query: string, at: Date, signal: AbortSignal) {
    const token = server.tokenFile && (await readFile(server.tokenFile, "utf8")).trim();
    const { origin, pathname } = new URL(server.url);
    const { statusCode, body } = await agent.request({
      origin,
      path: `${pathname.replace(/\/+$/, "")}/api/v1/query`,
      method: "POST",
      headers: {
        "content-type": "application/x-www-form-urlencoded",
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: new URLSearchParams({ query, time: String(at.getTime() / 1000) }).toString(),
      signal,
    });
    return { status: statusCode, text: await body.text() };
  }

  return {
    async query(name, query, at, signal) {
      const where = `Prometheus ${name}`;
      const server = servers.find((each) => each.name === name);
      if (server === undefined) throw new PrometheusError(`${where} is not in the manager's configuration`);
      try {
        const { status, text } = await withDeadline(clock, TIMEOUT_MS, (each) => post(server, query, at, each), signal);
        return instantOf(status, text);
      } catch (cause) {
        if (signal.aborted) throw cause;
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new PrometheusError(`${where}: ${why} (query ${query.slice(0, SHOWN)})`, { cause });
      }
    },
    close: () => agent.destroy(),
  };
}

const Value = z.tuple([z.number(), z.string()]);

/** https://prometheus.io/docs/prometheus/latest/querying/api: what is said of an instant query. */
const Reply = z.discriminatedUnion("status", [
  z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() }),
  z.object({
    status: z.literal("success"),
    warnings: z.array(z.string()).default([]),
    data: z.discriminatedUnion("resultType", [
      z.object({
        resultType: z.literal("vector"),
        result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: Value.exactOptional() })),
      }),
      z.object({ resultType: z.literal("scalar"), result: Value }),
      z.object({ resultType: z.enum(["matrix", "string"]) }),
    ]),
  }),
]);

/** Before Prometheus 3 remarks on the names of metrics stood among the warnings. */
const HARMLESS = "PromQL info";

/** @throws Error that says what came back, where that is no value. */
function instantOf(status: number, text: string): Instant {
  const reply = Reply.safeParse(parseJson(text)).data;
  if (reply === undefined) throw new Error(`HTTP ${status}, and the answer is not one of Prometheus`);
  if (reply.status === "error") throw new Error(`${reply.errorType}: ${reply.error}`);
  const { data, warnings } = reply;
  const doubt = warnings.find((warning) => !warning.startsWith(HARMLESS));
  if (doubt !== undefined) throw new Error(`it warns that its answer may be incomplete or wrong: ${doubt}`);
  if (data.resultType === "scalar") return finite(data.result[1]);
  if (data.resultType !== "vector") throw new Error(`the query gives a ${data.resultType}, and should give one value`);
  const [first, ...others] = data.result;
  if (first === undefined) return { empty: "the query has no value" };
  if (others.length > 0) throw new Error(severalSeries(data.result.map(({ metric }) => metric)));
  if (first.value === undefined) throw new Error("the query gives a native histogram, and should give one number");
  return finite(first.value[1]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A quotient by nothing is no number, nor is it infinitely bad. */
function finite(text: string): Instant {
  const value = Number(text);
  return Number.isFinite(value) ? { value } : { empty: `the query's value is ${text}` };
}

function severalSeries(metrics: readonly Readonly<Record<string, string>>[]): string {
  const shown = metrics.slice(0, 2).map((metric) => JSON.stringify(metric));
  return `the query gives ${metrics.length} series, such as ${shown.join(" and ")}: make one of them, as by sum() or max()`;
}
