import { z } from "zod";

/** The environment variable that holds CollectorConfig as JSON. */
export const COLLECTOR_ENV = "DPO_COLLECTOR";

export const CollectorConfig = z.strictObject({
  host: z.string().min(1).default("0.0.0.0"),
  /** 0 takes a free one. */
  port: z.int().min(0).max(65_535).default(8_080),
  /** Where the store's files are; made when missing. It must be a volume that one collector alone writes to. */
  dataDir: z.string().min(1),
  /** Users that may read every namespace: `system:serviceaccount:dpo-system:dpo-manager`. */
  readers: z.array(z.string().min(1)).default([]),
  /** How many pairs wait to be judged in a dataset, and how many answers to be checked in a canary. */
  queueLimit: z.int().min(1).default(2_000),
});
export type CollectorConfig = z.infer<typeof CollectorConfig>;
