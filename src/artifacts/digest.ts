import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { z } from "zod";

/** `sha256:<64 hex digits>`: the name of everything stored. */
export type Digest = `sha256:${string}`;

export const sha256HexSchema = z.string().regex(/^[0-9a-f]{64}$/, "must be 64 lower-case hex digits");

export const digestSchema = z.templateLiteral(["sha256:", sha256HexSchema], {
  error: "must be sha256: and 64 lower-case hex digits",
});

export function sha256Hex(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

export function digestOf(content: string | Uint8Array): Digest {
  return `sha256:${sha256Hex(content)}`;
}

/** The 64 hex digits of a digest, which name its folder. */
export function digestHex(digest: Digest): string {
  return digest.slice("sha256:".length);
}

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
