import { createHash } from "node:crypto";
import * as z from "zod";
import { ArchiveHeader, ArchiveLine } from "../../api/contracts/archived-run.ts";
import { ARCHIVE_FORMAT } from "../../api/contracts/run-archive.ts";
import type { Digest } from "../../artifacts/digest.ts";
import { describeIssues, Failure } from "../failure.ts";
import { decodeLine, type Line, lines } from "../lines.ts";

/** A text of lines that is hashed as it is read. */
export interface HashedLines {
  readonly lines: AsyncGenerator<Line>;
  /** Of the whole text; once it is read to its end. */
  digest(): Digest;
}

export function hashedLines(bytes: AsyncIterable<Uint8Array>): HashedLines {
  const hash = createHash("sha256");
  let digest: Digest | undefined;
  async function* heard(): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
  }
  return {
    lines: lines(heard()),
    digest() {
      digest ??= `sha256:${hash.digest("hex")}`;
      return digest;
    },
  };
}

const FAMILY = ARCHIVE_FORMAT.replace(/v\d+$/, "");
const Format = z.object({ format: z.string().startsWith(FAMILY) });

/** What an archive begins with; undefined where the line is of another kind of file. Throws a Failure for what it cannot read. */
export function archiveHeader(name: string, line: Line): ArchiveHeader | undefined {
  const value = json(line);
  const format = Format.safeParse(value).data?.format;
  if (format === undefined) return undefined;
  if (format !== ARCHIVE_FORMAT)
    throw new Failure(`${name} is an archive of format ${format}: use the dpo of the operator that wrote it`);
  const header = ArchiveHeader.safeParse(value);
  if (header.success) return header.data;
  throw new Failure(`${name}: line 1 is not what an archive begins with: ${describeIssues(header.error)}`);
}

/**
 * The records of an archive as they come; nothing that is made of them counts before the end is reached. What is not as
 * expected ends in one Failure, which is about the digest rather than about the line that happens to be spoilt.
 */
export async function* archivedRecords(
  name: string,
  { lines: rest, digest }: HashedLines,
  expected: string | undefined,
): AsyncGenerator<ArchiveLine> {
  let fault: string | undefined;
  for await (const line of rest) {
    if (fault !== undefined || line.bytes.length === 0) continue;
    const parsed = ArchiveLine.safeParse(json(line));
    if (parsed.success) yield parsed.data;
    else fault = `line ${line.number} is not a record: ${describeIssues(parsed.error)}`;
  }
  const actual = digest();
  if (expected !== undefined && actual !== expected)
    throw new Failure(
      `${name} is not the archive that it should be: its digest is ${actual}, expected ${expected}: it was changed or ` +
        "cut off since it was written, so fetch it again",
    );
  if (fault !== undefined) throw new Failure(`${name}: ${fault}`);
}

function json(line: Line): unknown {
  try {
    return JSON.parse(decodeLine(line) ?? "");
  } catch {
    return undefined;
  }
}
