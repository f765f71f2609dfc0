import path from "node:path";
import type { StoredPreference } from "../../../src/api/contracts/collector-api.ts";
import type { ProfileConfig, ProfileOutcome, ProfileResult } from "../../../src/api/contracts/profile.ts";
import { type ProfileDependencies, runProfile } from "../../../src/dataset/profile.ts";
import { temporaryFolder } from "../artifacts/temporary-folder.ts";
import { collectorWith } from "./preferences.ts";

/** Milliseconds: each profile opens a database and syncs files to disk, which a busy machine takes its time for. */
export const PROFILE_TIMEOUT = 60_000;

export interface Profiled {
  outcome: ProfileOutcome;
  /** the volume that the snapshot went to */
  volume: string;
  config: ProfileConfig;
}

/** Runs the whole profile over these preferences on a volume of its own. */
export async function profiled(
  preferences: Iterable<StoredPreference> | ProfileDependencies["collector"],
  overrides: Partial<ProfileConfig> = {},
): Promise<Profiled> {
  const folder = await temporaryFolder();
  const config: ProfileConfig = {
    namespace: "team",
    dataset: "support",
    collector: { url: "http://collector.invalid", tokenFile: "/nowhere" },
    untilSequence: 1000,
    split: { validation: 0.05, heldOut: 0.2 },
    validation: { maxInvalid: 0.01 },
    quality: { minPairs: 1 },
    output: { claim: "prefs", path: path.join(folder, "volume") },
    terminationLog: path.join(folder, "termination-log"),
    ...overrides,
  };
  const collector = "streamPreferences" in preferences ? preferences : collectorWith(preferences);
  const outcome = await runProfile(config, { collector, now: () => new Date("2026-03-02T12:00:00Z"), scratch: folder });
  return { outcome, volume: config.output.path, config };
}

export function succeeded({ outcome }: Profiled): ProfileResult {
  if ("error" in outcome) throw new Error(`no snapshot: ${outcome.error.message}`);
  return outcome;
}
