import * as z from "zod";
import { digestSchema } from "../../artifacts/digest.ts";

/** Between the manager, which writes the profile Job's `DPO_PROFILE`, and the Job, which answers in its termination log. */

const shareSchema = z.number().min(0).max(1);

export const profileConfigSchema = z.strictObject({
  namespace: z.string().min(1),
  dataset: z.string().min(1),
  collector: z.strictObject({ url: z.url(), tokenFile: z.string().min(1) }),
  /** the collector's sequence number that the snapshot is pinned to, itself included */
  untilSequence: z.int().min(0),
  /** shares of the prompts; what is left trains */
  split: z
    .strictObject({ validation: shareSchema, heldOut: shareSchema })
    .refine(({ validation, heldOut }) => validation + heldOut < 1, {
      error: "validation and heldOut leave nothing to train on: their sum must be below 1",
    }),
  /** the largest share of records that may be invalid */
  validation: z.strictObject({ maxInvalid: shareSchema }),
  quality: z.strictObject({ minPairs: z.int().min(0) }),
  /** the volume that the snapshot goes to, and where it is mounted */
  output: z.strictObject({ claim: z.string().min(1), path: z.string().min(1) }),
  terminationLog: z.string().default("/dev/termination-log"),
});

export type ProfileConfig = z.infer<typeof profileConfigSchema>;

export const invalidReasons = [
  "NotText",
  "EmptyPrompt",
  "EmptyChosen",
  "EmptyRejected",
  "ChosenEqualsRejected",
  "TooLong",
] as const;

export type InvalidReason = (typeof invalidReasons)[number];

const countSchema = z.int().min(0);
const invalidCountsSchema = z.partialRecord(z.enum(invalidReasons), countSchema);

/** A record that was left out: its id, or its place in the stream where it has none, and what is wrong with it. */
export const invalidExampleSchema = z.object({
  reason: z.enum(invalidReasons),
  where: z.string(),
  message: z.string(),
});

export type InvalidExample = z.infer<typeof invalidExampleSchema>;

/**
 * Every record is accounted for: records = invalid + setAside + duplicates + merged + outvoted + tied + pairs.
 * setAside: chosen to learn from, of a prompt that is not trained on; duplicates: the same labeler said the same again;
 * merged: another labeler agreed, the pair is kept once; outvoted: the majority chose the other answer; tied: as many
 * chose one answer as the other, the pair is dropped.
 */
const qualitySchema = z.object({
  records: countSchema,
  invalid: invalidCountsSchema,
  /** A profile that an earlier release has made does not say it. */
  setAside: countSchema.default(0),
  duplicates: countSchema,
  merged: countSchema,
  outvoted: countSchema,
  tied: countSchema,
  labelers: countSchema,
  /** share of the labelled records by the busiest labeler; null when no record names its labeler */
  largestLabelerShare: shareSchema.nullable(),
  /** null when no record says when it was labelled */
  medianAgeSeconds: z.number().nullable(),
  /** Krippendorff's alpha, nominal, over `units` pairs with two labelers or more; null where it is undefined */
  agreement: z
    .object({ value: z.number(), interval: z.tuple([z.number(), z.number()]), units: countSchema })
    .nullable(),
});

export type ProfileQuality = z.infer<typeof qualitySchema>;

export const profileResultSchema = z.object({
  digest: digestSchema,
  uri: z.string(),
  takenAt: z.iso.datetime(),
  sequence: countSchema,
  pairs: countSchema,
  splits: z.object({ train: countSchema, validation: countSchema, heldOut: countSchema }),
  quality: qualitySchema,
  examples: z.array(invalidExampleSchema),
});

export type ProfileResult = z.infer<typeof profileResultSchema>;

/** CollectorRefused: it answered, but not with preferences. StorageFailed: a volume is full or may not be written. */
export const profileFailureReasons = [
  "TooManyInvalid",
  "TooFewPairs",
  "CollectorUnreachable",
  "CollectorRefused",
  "StorageFailed",
  "Failed",
] as const;

export type ProfileFailureReason = (typeof profileFailureReasons)[number];

/** No snapshot was written. `quality` and `examples` are there once the records were read and judged. */
export const profileFailureSchema = z.object({
  error: z.object({ reason: z.enum(profileFailureReasons), message: z.string() }),
  quality: qualitySchema.optional(),
  examples: z.array(invalidExampleSchema).optional(),
});

export type ProfileFailure = z.infer<typeof profileFailureSchema>;

/** What stands in the termination log. */
export const profileOutcomeSchema = z.union([profileFailureSchema, profileResultSchema]);

export type ProfileOutcome = z.infer<typeof profileOutcomeSchema>;
