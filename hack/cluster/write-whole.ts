import { renameSync, writeFileSync } from "node:fs";

/** Writes a file such that a process killed on the way leaves the old one or none, never a part. */
export function writeWhole(file: string, content: string): void {
  const partial = `${file}.partial`;
  writeFileSync(partial, content);
  renameSync(partial, file);
}
