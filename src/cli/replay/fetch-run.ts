import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { COLLECTOR_AUDIENCE } from "../../api/contracts/collector-api.ts";
import type { PreferenceCanary } from "../../api/v1alpha1/preference-canary.ts";
import { unpacked } from "../bytes.ts";
import type { ClusterOptions } from "../cluster.ts";
import { Failure } from "../failure.ts";
import type { Host } from "../host.ts";

export interface RunOptions extends ClusterOptions {
  /** The last run's unless it is named. */
  readonly revision?: string;
  /** Where the collector can be reached from here; where status says unless it is named. */
  readonly collector?: string;
  /** In the canary's namespace: the collector gives the archive to whoever can have a token of it. */
  readonly serviceAccount: string;
}

export interface FetchedRun {
  /** As status names it. */
  readonly digest: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The archive that a canary's status names, from the collector. Throws a Failure where it cannot be had. */
export async function fetchRun(options: RunOptions, host: Host): Promise<FetchedRun> {
  const { readCanary, requestToken } = await import("../cluster.ts");
  const canary = await readCanary(options, host);
  const { digest, uri } = archiveOf(canary, options.revision);
  const token = await requestToken(options, host, { name: options.serviceAccount, audience: COLLECTOR_AUDIENCE });
  const url = new URL(new URL(uri).pathname, options.collector ?? uri);
  return { digest, bytes: unpacked(await download(url, token)) };
}

function archiveOf({ metadata, status = {} }: PreferenceCanary, revision: string | undefined) {
  const { lastRun, history = [], archiving = [] } = status;
  const runs = [...(lastRun ? [lastRun] : []), ...history];
  const ended = runs.find((run) => revision === undefined || run.revision === revision);
  const name = `${metadata.namespace}/${metadata.name}`;
  if (ended === undefined)
    throw new Failure(`status of ${name} has no run${revision === undefined ? "" : ` of ${revision}`} that is over`);
  if (ended.archive !== undefined) return ended.archive;
  const waiting = archiving.find((run) => run.revision === ended.revision && run.time === ended.time);
  const why = waiting === undefined ? "nothing was kept of it" : (waiting.problem ?? "the collector is being asked");
  throw new Failure(`the run of ${ended.revision} has no archive${waiting ? " yet" : ""}: ${why}`);
}

async function download(url: URL, token: string): Promise<AsyncIterable<Uint8Array>> {
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } }).catch((error: unknown) => {
    const why = error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
    throw new Failure(
      `${url.origin} does not answer (${why}): run "kubectl port-forward -n dpo-system service/dpo-collector 8080" and ` +
        "add --collector http://127.0.0.1:8080",
    );
  });
  if (response.ok && response.body !== null) return Readable.fromWeb(response.body as ReadableStream<Uint8Array>);
  throw new Failure(`GET ${url}: HTTP ${response.status}: ${await response.text()}`);
}
