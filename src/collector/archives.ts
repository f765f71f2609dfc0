import { createHash, type Hash } from "node:crypto";
import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { mkdir, mkdtemp, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { type Digest, digestHex } from "../artifacts/digest.ts";
import type { CanaryKey } from "./store.ts";
import { StoreError } from "./store-error.ts";

/** Runs that are over, one immutable file each, named by the digest of what is in it; kept for ever. */
export interface Archives {
  /** Resolves when the file is durable under its name. Written again it is the same file. */
  write(key: CanaryKey, lines: AsyncIterable<string>): Promise<Digest>;
  /** Its bytes, packed; undefined when there is no such archive. */
  read(key: CanaryKey, digest: Digest): Promise<Readable | undefined>;
}

const CHUNK = 64 * 1024;

export function createArchives(dataDir: string): Archives {
  const root = join(dataDir, "archives");
  // No namespace begins with a dot.
  const unfinished = join(root, ".unfinished");
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true });
  const folderOf = ({ namespace, canary }: CanaryKey) => join(root, namespace, canary);
  const fileOf = (key: CanaryKey, digest: Digest) => join(folderOf(key), `${digestHex(digest)}.jsonl.gz`);

  return {
    async write(key, lines) {
      const scratch = await mkdtemp(join(unfinished, "run-")).catch(unavailable);
      try {
        const part = join(scratch, "part");
        const hash = createHash("sha256");
        await pipeline(hashed(lines, hash), createGzip(), createWriteStream(part, { mode: 0o444, flush: true }));
        const digest: Digest = `sha256:${hash.digest("hex")}`;
        await mkdir(folderOf(key), { recursive: true });
        await rename(part, fileOf(key, digest));
        for (const folder of [folderOf(key), dirname(folderOf(key)), root]) await sync(folder);
        return digest;
      } catch (cause) {
        return unavailable(cause);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    },
    async read(key, digest) {
      try {
        return (await open(fileOf(key, digest))).createReadStream();
      } catch (cause) {
        if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
        return unavailable(cause);
      }
    },
  };
}

/** The text in pieces of about CHUNK characters, each of them hashed on its way. */
async function* hashed(lines: AsyncIterable<string>, hash: Hash): AsyncGenerator<string> {
  let chunk = "";
  for await (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK) continue;
    hash.update(chunk);
    yield chunk;
    chunk = "";
  }
  hash.update(chunk);
  yield chunk;
}

/** A new name is durable once its folder is. */
async function sync(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unavailable(cause: unknown): never {
  if (cause instanceof StoreError) throw cause;
  const message = `the archive cannot be written or read: ${cause instanceof Error ? cause.message : String(cause)}`;
  throw new StoreError("StoreUnavailable", message, undefined, { cause });
}
