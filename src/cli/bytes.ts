import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { Failure } from "./failure.ts";
import type { Host } from "./host.ts";

const GZIP_MAGIC = [0x1f, 0x8b] as const;

/**
 * The bytes of a file, or of stdin for "-", unpacked if they are gzip: their first two bytes say so and not the name.
 * Throws a Failure when they cannot be read to the end.
 */
export async function* readBytes(
  path: string,
  { cwd, stdin }: Pick<Host, "cwd" | "stdin">,
): AsyncGenerator<Uint8Array> {
  const source: AsyncIterable<Uint8Array> = path === "-" ? stdin : createReadStream(resolve(cwd, path));
  try {
    yield* unpacked(source);
  } catch (error) {
    throw error instanceof Error && "code" in error ? new Failure(explain(path, error, String(error.code))) : error;
  }
}

export async function readText(path: string, host: Pick<Host, "cwd" | "stdin">): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBytes(path, host)) chunks.push(chunk);
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** What stands in the bytes, unpacked if they are gzip. */
export async function* unpacked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < GZIP_MAGIC.length) {
    const next = await chunks.next();
    if (next.done) break;
    head = Buffer.concat([head, next.value]);
  }
  const whole = continued(head, chunks);
  if (!GZIP_MAGIC.every((byte, index) => head[index] === byte)) yield* whole;
  else yield* gunzipped(whole);
}

async function* continued(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield head;
  yield* { [Symbol.asyncIterator]: () => rest };
}

/** An error of the source ends the unpacking too, and is thrown where that is read. */
async function* gunzipped(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const gunzip = createGunzip();
  pipeline(Readable.from(source), gunzip, () => undefined);
  yield* gunzip;
}

function explain(path: string, error: Error, code: string): string {
  const name = path === "-" ? "stdin" : path;
  if (code === "ENOENT") return `there is no file ${name}: is the path right?`;
  if (code === "EISDIR") return `${name} is a folder: name a file in it`;
  if (code === "EACCES") return `${name} may not be read by you`;
  if (code.startsWith("Z_"))
    return `${name} is gzip that is damaged or cut off (${error.message}): make or fetch it again`;
  return `${name} cannot be read: ${error.message}`;
}
