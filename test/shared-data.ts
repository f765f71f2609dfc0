import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = process.env.DPO_SHARED_DATA ?? fileURLToPath(new URL("../../shared/data", import.meta.url));

/**
 * A file of the real preferences that some tests and measurements use and the repository does not hold; undefined
 * where it is absent: `test.skipIf(file === undefined)`. DPO_SHARED_DATA names the folder.
 */
export function sharedData(name: string): string | undefined {
  const file = `${folder}/${name}`;
  return existsSync(file) ? file : undefined;
}
