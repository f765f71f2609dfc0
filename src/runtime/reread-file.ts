import { readFile } from "node:fs/promises";
import type { Clock } from "./clock.ts";

const FRESH_MS = 60_000;

/**
 * What is in a file, without the space around it. The kubelet renews a projected token in place long before it expires;
 * like client-go, look once a minute.
 */
export function rereadFile(path: string, clock: Clock): () => Promise<string> {
  let content = "";
  let readAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (clock.monotonic() - readAt > FRESH_MS) {
      content = (await readFile(path, "utf8")).trim();
      readAt = clock.monotonic();
    }
    return content;
  };
}
