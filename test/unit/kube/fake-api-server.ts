import { apiError } from "../../../src/kube/errors.ts";
import type { Stored, StoredMeta } from "../../../src/kube/object.ts";
import type { ApiRequest, Transport } from "../../../src/kube/transport.ts";
import { object } from "./objects.ts";

type Change = { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: Stored; readonly version: number };

interface OpenWatch {
  readonly push: (line: string) => void;
  readonly end: () => void;
  readonly fail: (error: Error) => void;
}

/** Lists and watches of one collection with its history, and every way in which they fail. */
export interface FakeApiServer {
  readonly transport: Transport;
  /** Requests so far: LIST, or WATCH and the version it starts from. */
  readonly requests: string[];
  put(name: string, metadata?: Partial<StoredMeta>): Stored;
  remove(name: string): void;
  /** What is stored now, by name. */
  objects(): Map<string, Stored>;
  /** History up to now is forgotten. */
  compact(): void;
  /** Each of the next requests fails with the next of these. */
  failNext(...errors: Error[]): void;
  /** Ends open watches: as a server does after timeoutSeconds, or with an error. */
  cut(error?: Error): void;
  /** Something else in the cluster changed; open watches learn the version. */
  bookmark(): void;
  /** Sends this line as it is to open watches. */
  say(line: string): void;
  openWatches(): number;
}

export function createFakeApiServer(): FakeApiServer {
  const objects = new Map<string, Stored>();
  const history: Change[] = [];
  const watches = new Set<OpenWatch>();
  const failures: Error[] = [];
  const requests: string[] = [];
  let version = 10;
  let oldest = 0;
  let uids = 0;

  function change(type: Change["type"], changed: Stored): void {
    history.push({ type, object: changed, version });
    for (const watch of watches) watch.push(JSON.stringify({ type, object: changed }));
  }

  function list(): unknown {
    return { metadata: { resourceVersion: String(version) }, items: [...objects.values()] };
  }

  function open(from: number, signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    if (from < oldest) {
      return chunks([JSON.stringify({ type: "ERROR", object: { code: 410, reason: "Expired", message: "too old" } })]);
    }
    const stream = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 1e6 });
    const writer = stream.writable.getWriter();
    const watch: OpenWatch = {
      push: (line) => void writer.write(new TextEncoder().encode(`${line}\n`)).catch(() => {}),
      end: () => void writer.close().catch(() => {}),
      fail: (error) => void writer.abort(error).catch(() => {}),
    };
    watches.add(watch);
    signal?.addEventListener("abort", () => {
      watches.delete(watch);
      watch.fail(signal.reason);
    });
    for (const past of history.filter((each) => each.version > from)) watch.push(JSON.stringify(past));
    return stream.readable;
  }

  return {
    requests,
    objects: () => objects,
    openWatches: () => watches.size,
    transport: {
      async send() {
        requests.push("LIST");
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return { status: 200, body: list() };
      },
      async stream({ query, signal }: ApiRequest) {
        requests.push(`WATCH ${query?.resourceVersion}`);
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        return open(Number(query?.resourceVersion), signal);
      },
      close: async () => {},
    },
    put(name, metadata) {
      version += 1;
      const old = objects.get(name);
      if (old === undefined) uids += 1;
      const stored = object(name, { ...metadata, version, uid: old?.metadata.uid ?? `uid-${uids}` });
      objects.set(name, stored);
      change(old === undefined ? "ADDED" : "MODIFIED", stored);
      return stored;
    },
    remove(name) {
      const old = objects.get(name);
      if (old === undefined) return;
      version += 1;
      objects.delete(name);
      change("DELETED", object(name, { version, uid: old.metadata.uid }));
    },
    compact() {
      history.length = 0;
      oldest = version;
    },
    failNext: (...errors) => void failures.push(...errors),
    cut(error) {
      for (const watch of watches) error === undefined ? watch.end() : watch.fail(error);
      watches.clear();
    },
    bookmark() {
      version += 1;
      const metadata = { resourceVersion: String(version) };
      for (const watch of watches) watch.push(JSON.stringify({ type: "BOOKMARK", object: { metadata } }));
    },
    say(line) {
      for (const watch of watches) watch.push(line);
    },
  };
}

async function* chunks(lines: readonly string[]): AsyncIterable<Uint8Array> {
  for (const line of lines) yield new TextEncoder().encode(`${line}\n`);
}

export function serverError(status: number): Error {
  return apiError("GET /configmaps", status, { reason: "Injected", message: "injected" });
}
