import { apiError } from "./errors.ts";
import { type Decoder, type Selection, selectionQuery } from "./list.ts";
import type { KubeObject, Stored } from "./object.ts";
import { collectionPath, type Resource } from "./resource.ts";
import type { Transport } from "./transport.ts";

export type WatchEvent<T extends KubeObject> =
  | { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: Stored<T> }
  | { readonly type: "BOOKMARK"; readonly resourceVersion: string };

export interface WatchOptions<T extends KubeObject> {
  readonly resourceVersion: string;
  /** The server ends the stream after so long. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly decode: Decoder<T>;
  /** Called for every chunk of bytes: the connection lives. */
  readonly onBytes: () => void;
}

/**
 * What changes from `resourceVersion` on, until the server ends the stream. Throws an ApiError for an ERROR event
 * (410: the version is too old), a ConnectionError when the stream breaks, a SyntaxError for a line that is no JSON.
 */
export async function* watch<T extends KubeObject>(
  transport: Transport,
  resource: Resource,
  selection: Selection,
  options: WatchOptions<T>,
): AsyncIterable<WatchEvent<T>> {
  const path = collectionPath(resource, selection.namespace);
  const stream = await transport.stream({
    method: "GET",
    path,
    query: {
      ...selectionQuery(selection),
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      timeoutSeconds: options.timeoutSeconds,
    },
    signal: options.signal,
  });
  for await (const line of lines(stream, options.onBytes)) {
    const { type, object } = JSON.parse(line) as { type: string; object: Stored & { code?: number } };
    if (type === "ERROR") throw apiError(`WATCH ${path}`, object.code ?? 500, object);
    if (type === "BOOKMARK") yield { type, resourceVersion: object.metadata.resourceVersion };
    if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") {
      const decoded = options.decode(object);
      if (decoded !== undefined) yield { type, object: decoded };
    }
  }
}

/** A last line without its newline is what a broken connection leaves: it goes to JSON.parse, which refuses it. */
async function* lines(stream: AsyncIterable<Uint8Array>, onBytes: () => void): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of stream) {
    onBytes();
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((line) => line !== "");
  }
  if (rest.trim() !== "") yield rest;
}
