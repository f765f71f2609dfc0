import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { ProfileConfig, ProfileOutcome, ProfileQuality } from "../api/contracts/profile.ts";
import { publish } from "../artifacts/store.ts";
import { formatUri } from "../artifacts/uri.ts";
import type { CollectorClient } from "../evidence/collector-client.ts";
import { adjudicate } from "./adjudicate.ts";
import { type Agreement, measureAgreement } from "./agreement.ts";
import { withDatabase } from "./database.ts";
import { failureOf } from "./failure.ts";
import { fillEmptySplits } from "./fill-splits.ts";
import { type Ingested, ingest } from "./ingest.ts";
import { measureLabelers } from "./labelers.ts";
import { databaseMemory } from "./memory-limit.ts";
import { encodeOutcome, fewExamples } from "./outcome.ts";
import { qualityRefusal } from "./quality-refusal.ts";
import { writeReport } from "./report.ts";
import { seededRandom } from "./seeded-random.ts";
import { writeSnapshot } from "./write-snapshot.ts";

export interface ProfileDependencies {
  collector: Pick<CollectorClient, "streamPreferences">;
  now: () => Date;
  /** folder for the database while it is needed */
  scratch: string;
}

/** Any will do, but always the same: the interval of one set of votes is the same in every run. */
const bootstrapSeed = 1;

/**
 * The profile Job: the collector's preferences up to a sequence number become an immutable snapshot on the volume
 * `output`, or a failure that says why there is none. Either stands in the termination log; nothing is thrown but what
 * keeps the log from being written.
 */
export async function runProfile(config: ProfileConfig, dependencies: ProfileDependencies): Promise<ProfileOutcome> {
  const outcome = await takeSnapshot(config, dependencies).catch(failureOf);
  await writeFile(config.terminationLog, encodeOutcome(outcome));
  return outcome;
}

async function takeSnapshot(config: ProfileConfig, dependencies: ProfileDependencies): Promise<ProfileOutcome> {
  const { collector, now, scratch } = dependencies;
  const { namespace, dataset, untilSequence: until, split, output } = config;
  const options = { scratch, memoryBytes: await databaseMemory(), threads: availableParallelism() };
  return withDatabase(options, async (connection) => {
    const preferences = collector.streamPreferences({ namespace, dataset, until });
    const ingested = await ingest(connection, preferences, split);
    const takenAt = now();
    const { pairs, quality, note } = await measure(connection, ingested, takenAt);
    const refusal = qualityRefusal(config, pairs, quality, ingested.invalid.examples);
    if (refusal !== undefined) return refusal;
    const prompts = await fillEmptySplits(connection, split);
    const { digest, manifest } = await publish(output.path, (folder) => writeSnapshot(connection, folder, split));
    const { train, validation, heldOut } = manifest.splits;
    const result = {
      digest,
      uri: formatUri({ claim: output.claim, digest }),
      takenAt: takenAt.toISOString(),
      sequence: until,
      pairs,
      splits: { train: train.rows, validation: validation.rows, heldOut: heldOut.rows },
      quality,
    };
    const { examples } = ingested.invalid;
    await writeReport(output.path, { namespace, dataset, ...result, examples, prompts, agreementNote: note });
    return { ...result, examples: fewExamples(examples) };
  });
}

interface Measured {
  pairs: number;
  quality: ProfileQuality;
  note: Agreement["note"];
}

async function measure(connection: DuckDBConnection, ingested: Ingested, now: Date): Promise<Measured> {
  const { pairs, ...fates } = await adjudicate(connection);
  const labelers = await measureLabelers(connection, now);
  const { agreement, note } = await measureAgreement(connection, seededRandom(bootstrapSeed));
  const { records, setAside, invalid } = ingested;
  return { pairs, quality: { records, invalid: invalid.counts, setAside, ...fates, ...labelers, agreement }, note };
}
