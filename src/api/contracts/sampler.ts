import { z } from "zod";

const arm = z.strictObject({
  revision: z.string().min(1),
  /** Where the arm answers, without the path of a request: `http://assistant-7c9f0a1b2c:8080`. */
  url: z.url({ protocol: /^https?$/ }),
});

/** The environment variable that holds SamplerConfig as JSON. */
export const SAMPLER_ENV = "DPO_SAMPLER";

/**
 * What the manager tells a canary's sampler. It is part of the pod template, so that a new
 * candidate is a rollout of the sampler. Without a candidate stable is asked twice.
 */
export const samplerConfigSchema = z.strictObject({
  namespace: z.string().min(1),
  canary: z.string().min(1),
  dataset: z.string().min(1),
  collector: z.strictObject({
    url: z.url({ protocol: /^https?$/ }),
    /** A projected token with the collector's audience; read again for every post, because the kubelet renews it. */
    tokenFile: z.string().min(1),
  }),
  stable: arm,
  candidate: arm.optional(),
  /** How long an arm may take to answer before it counts as having failed. */
  timeoutSeconds: z.number().positive(),
});

export type SamplerConfig = z.infer<typeof samplerConfigSchema>;
