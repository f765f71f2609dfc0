import { existsSync } from "node:fs";
import { ensureDebianPackages } from "../lib/apt.ts";

/** Where Debian's package puts it. */
const installed = "/usr/bin/prometheus";

/** Returns the path of a Prometheus, which is installed where this process may do that; throws what is missing. */
export async function ensurePrometheus(): Promise<string> {
  const named = process.env.PROMETHEUS;
  if (named) {
    if (!existsSync(named)) throw new Error(`PROMETHEUS is ${named}, which does not exist: correct or unset it.`);
    return named;
  }
  if (!existsSync(installed)) await ensureDebianPackages(["prometheus"]);
  return installed;
}
