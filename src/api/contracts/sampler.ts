import * as z from "zod";
import { CollectorAccess } from "./collector-api.ts";

/** The environment variable that holds SamplerConfig as JSON. */
export const SAMPLER_ENV = "DPO_SAMPLER";

/** The header of a live request that says which cohort it is of. */
export const COHORT_HEADER = "x-dpo-cohort";

const Arm = z.strictObject({
  revision: z.string().min(1),
  /** Where the arm answers, without the path of a request: `http://assistant-7c9f0a1b2c:8080`. */
  url: z.url({ protocol: /^https?$/ }),
});

/** Of mirrored requests, how many: 1 is all of them. */
const Share = z.number().min(0).max(1);

/** See spec.evidence.comparisons.redact. The pattern is one of RE2, which the API server has checked. */
const RedactionRule = z.strictObject({
  name: z.string().min(1),
  pattern: z.string().min(1),
  replacement: z.string(),
});

/**
 * What the manager tells a canary's sampler. It is part of the pod template, so that a new candidate is a rollout of
 * the sampler. Without a candidate stable is asked twice. An arm must be Ready before it is named here: an answer that
 * it fails to give counts as a comparison lost.
 */
export const SamplerConfig = z.strictObject({
  host: z.string().min(1).default("0.0.0.0"),
  /** 0 takes a free one. */
  port: z.int().min(0).max(65_535).default(8_080),
  namespace: z.string().min(1),
  canary: z.string().min(1),
  dataset: z.string().min(1),
  collector: CollectorAccess,
  stable: Arm,
  candidate: Arm.optional(),
  /**
   * Asked instead of stable where there is a candidate, or contenders: not an arm but a Service that they are compared with,
   * by the name in place of a revision under which these comparisons are read. What it cannot answer is no comparison.
   */
  baseline: Arm.optional(),
  /**
   * Instead of a candidate: each request is asked of one of these. `minShare`: of the requests, what each gets at least, as
   * a fraction. `betting`: which of their comparisons count, as in spec.evidence.comparisons.
   */
  selection: z
    .strictObject({
      contenders: z.array(Arm).min(1),
      minShare: Share,
      betting: z.strictObject({ unit: z.enum(["Prompt", "Rater"]), votesPerUnit: z.int().positive() }),
    })
    .optional(),
  /** How long an arm may take to answer before it counts as having failed. */
  timeoutSeconds: z.number().positive(),
  /** Applied in this order to prompts and answers before they are posted. */
  redact: z.array(RedactionRule).default([]),
  /** How many are compared, by cohort; `others` are requests of any other cohort, or of none. */
  shares: z.strictObject({ others: Share, cohorts: z.record(z.string(), Share) }).default({ others: 1, cohorts: {} }),
  /**
   * `share`: how many others stable is asked for how sure it is. `keep`: the part of these, those it is least sure of, that
   * are made pairs to learn from.
   */
  uncertain: z.strictObject({ share: Share, keep: Share }).default({ share: 0, keep: 0 }),
});

export type SamplerConfig = z.infer<typeof SamplerConfig>;
