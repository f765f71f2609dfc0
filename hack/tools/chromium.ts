import { existsSync } from "node:fs";
import { ensureDebianPackages } from "../lib/apt.ts";

/** Where Debian's package puts it. */
const installed = "/usr/bin/chromium";

/** Returns the path of a Chromium, which is installed where this process may do that; throws what is missing. */
export async function ensureChromium(): Promise<string> {
  const named = process.env.CHROMIUM;
  if (named) {
    if (!existsSync(named)) throw new Error(`CHROMIUM is ${named}, which does not exist: correct or unset it.`);
    return named;
  }
  if (!existsSync(installed)) await ensureDebianPackages(["chromium"]);
  return installed;
}
