import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** Size in bytes and sha256 (hex) of a file, read as a stream. */
export async function describeFile(file: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash("sha256");
  let size = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha256: hash.digest("hex"), size };
}
