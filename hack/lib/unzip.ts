import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { promisify } from "node:util";
import { inflateRaw } from "node:zlib";

const inflate = promisify(inflateRaw);

const endSignature = 0x06054b50;
const endSize = 22;
const entryHeaderSize = 46;
const localHeaderSize = 30;
const deflated = 8;

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly method: number;
  readonly compressedSize: number;
  readonly offset: number;
}

/** Unpacks a zip file (a Python wheel is one), with the files' modes. Node has inflate, but no reader for zip. */
export async function unzip(file: string, folder: string): Promise<void> {
  const zip = await readFile(file);
  for (const entry of entries(zip)) {
    const target = resolve(folder, entry.name);
    if (!target.startsWith(resolve(folder) + sep)) throw new Error(`${file}: ${entry.name} leads out of the archive`);
    if (entry.name.endsWith("/")) continue;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(join(target), await content(zip, entry), { mode: entry.mode || 0o644 });
  }
}

function* entries(zip: Buffer): Generator<Entry> {
  // The directory stands at the end, before a comment that wheels do not have.
  const end = zip.length - endSize;
  if (end < 0 || zip.readUInt32LE(end) !== endSignature) throw new Error("not a whole zip file");
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    const nameLength = zip.readUInt16LE(at + 28);
    yield {
      name: zip.toString("utf8", at + entryHeaderSize, at + entryHeaderSize + nameLength),
      mode: (zip.readUInt32LE(at + 38) >>> 16) & 0o777,
      method: zip.readUInt16LE(at + 10),
      compressedSize: zip.readUInt32LE(at + 20),
      offset: zip.readUInt32LE(at + 42),
    };
    at += entryHeaderSize + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
}

async function content(zip: Buffer, entry: Entry): Promise<Buffer> {
  const nameAndExtra = zip.readUInt16LE(entry.offset + 26) + zip.readUInt16LE(entry.offset + 28);
  const start = entry.offset + localHeaderSize + nameAndExtra;
  const bytes = zip.subarray(start, start + entry.compressedSize);
  return entry.method === deflated ? inflate(bytes) : bytes;
}
