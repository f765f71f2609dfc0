/** What is in an archive, for whoever reads it: the collector itself looks into none of this. */
import * as z from "zod";
import { GateStatus } from "../v1alpha1/canary-status.ts";
import { PreferenceCanarySpec } from "../v1alpha1/preference-canary.ts";
import { AskedAnswer, CheckRecord, Comparison, RatingRecord } from "./collector-api.ts";
import { ARCHIVE_FORMAT } from "./run-archive.ts";

const Arm = z.object({ revision: z.string(), digest: z.string() });

/** What `run` of an archive says. */
export const ArchivedRun = z.object({
  candidate: Arm,
  stable: Arm,
  outcome: z.string(),
  time: z.string(),
  message: z.string(),
  /** Among how many it was judged: the rates in `spec` are its part already. */
  among: z.int().exactOptional(),
  /** When the candidate first served users; absent where it never did. */
  served: z.string().exactOptional(),
  /** When it was last tried again. */
  retriedAt: z.string().exactOptional(),
  /** As it was when the run ended. */
  spec: PreferenceCanarySpec.pick({ gates: true, evidence: true, steps: true }),
  /** What status said of each gate. */
  gates: z.array(
    GateStatus.pick({
      name: true,
      verdict: true,
      numbers: true,
      against: true,
      changedFrom: true,
      samples: true,
      sum: true,
      cursor: true,
      state: true,
      passedAt: true,
      failedAt: true,
      rollbackFrom: true,
    }),
  ),
});
export type ArchivedRun = z.infer<typeof ArchivedRun>;

/** The first line. */
export const ArchiveHeader = z.object({
  format: z.literal(ARCHIVE_FORMAT),
  namespace: z.string(),
  canary: z.string(),
  run: ArchivedRun,
});
export type ArchiveHeader = z.infer<typeof ArchiveHeader>;

/** Each of the others. */
export const ArchiveLine = z.discriminatedUnion("stream", [
  z.object({ stream: z.literal("comparisons"), record: Comparison }),
  z.object({ stream: z.literal("checks"), record: CheckRecord }),
  z.object({ stream: z.literal("ratings"), record: RatingRecord }),
  z.object({ stream: z.literal("asked"), gate: z.string(), record: AskedAnswer }),
]);
export type ArchiveLine = z.infer<typeof ArchiveLine>;
