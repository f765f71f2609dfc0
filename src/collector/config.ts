import * as z from "zod";

/** The environment variable that holds CollectorConfig as JSON. */
export const COLLECTOR_ENV = "DPO_COLLECTOR";

const INSTRUCTIONS = `You see what somebody asked, and two answers in random order. Choose the one that you would rather have got.

Prefer what is correct, safe and to the point over what is long or sounds nice.

Tie: neither is better, whether both are good or both are bad.
Skip: you cannot judge this one, for its language or its subject. Somebody else gets it.`;

export const CollectorConfig = z.strictObject({
  host: z.string().min(1).default("0.0.0.0"),
  /** 0 takes a free one. */
  port: z.int().min(0).max(65_535).default(8_080),
  /** Where the store's files are; made when missing. It must be a volume that one collector alone writes to. */
  dataDir: z.string().min(1),
  /** Users that may read every namespace, and have runs archived: `system:serviceaccount:dpo-system:dpo-manager`. */
  readers: z.array(z.string().min(1)).default([]),
  /** How many pairs wait to be judged in a dataset, and how many answers to be checked in a canary. */
  queueLimit: z.int().min(1).default(2_000),
  /** What the rating page tells people before they judge: plain text, its lines as they are. */
  instructions: z.string().min(1).default(INSTRUCTIONS),
});
export type CollectorConfig = z.infer<typeof CollectorConfig>;
