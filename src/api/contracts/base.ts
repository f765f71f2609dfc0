import * as z from "zod";

/** What the reference trainer's `base` role is told (`DPO_BASE`) and says at the end: it makes a model from nothing. */

export const BASE_ENV = "DPO_BASE";

export const baseConfigSchema = z.object({
  output: z.object({
    claim: z.string().min(1),
    path: z.string().min(1).describe("where the claim is mounted; the model becomes <path>/sha256/<hex>"),
  }),
  seed: z.int().min(0),
  terminationLog: z.string().min(1).default("/dev/termination-log"),
});
export type BaseConfig = z.infer<typeof baseConfigSchema>;

export const baseResultSchema = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  uri: z.string().regex(/^pvc:\/\/[^/]+\/sha256\/[0-9a-f]{64}$/),
  seconds: z.number().min(0),
  loss: z.number().describe("of the last step, in nats a byte"),
});
export type BaseResult = z.infer<typeof baseResultSchema>;
