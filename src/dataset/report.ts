import { mkdir, open, rename } from "node:fs/promises";
import path from "node:path";
import type { ProfileResult } from "../api/contracts/profile.ts";
import { digestHex } from "../artifacts/digest.ts";
import type { SplitName } from "./split.ts";

/** Everything the profile found. */
export interface ProfileReport extends ProfileResult {
  namespace: string;
  dataset: string;
  /** distinct prompts of each split */
  prompts: Record<SplitName, number>;
  agreementNote: string;
}

/**
 * `reports/<hex>.json` on the snapshot's volume: beside the snapshot and not in it, since when it was taken and who
 * labelled is no part of what the digest names. The last profile of the same content is the one that stays.
 */
export async function writeReport(root: string, report: ProfileReport): Promise<void> {
  const folder = path.join(root, "reports");
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, `${digestHex(report.digest)}.json`);
  const handle = await open(`${file}.tmp`, "w");
  try {
    await handle.writeFile(`${JSON.stringify(report, null, 2)}\n`);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(`${file}.tmp`, file);
}
