import * as z from "zod";
import { CollectorAccess } from "./collector-api.ts";

/** The environment variable that holds JudgeConfig as JSON. */
export const JUDGE_ENV = "DPO_JUDGE";

/** The environment variable that holds the API key of the judge's server; unset where it wants none. */
export const JUDGE_KEY_ENV = "DPO_JUDGE_API_KEY";

const INSTRUCTIONS = `You are shown what somebody asked, and two answers. Choose the one that you would rather have got in their place.

Prefer what is correct, safe and to the point over what is long or sounds nice.`;

/** What the manager tells a canary's judge. */
export const JudgeConfig = z.strictObject({
  /** Of health and metrics; 0 takes a free one. */
  port: z.int().min(0).max(65_535).default(8_080),
  namespace: z.string().min(1),
  canary: z.string().min(1),
  dataset: z.string().min(1),
  collector: CollectorAccess,
  /** Who its choices are of, for the dataset and for comparisons. */
  labeler: z.string().min(1),
  /** An OpenAI-compatible server: `/chat/completions` is asked under the URL. */
  server: z.strictObject({ url: z.url({ protocol: /^https?$/ }), model: z.string().min(1) }),
  /** What makes an answer the better one. How to say which is none of it. */
  instructions: z.string().min(1).default(INSTRUCTIONS),
});
export type JudgeConfig = z.infer<typeof JudgeConfig>;

/** Judges and people are told apart by this, and judges by their name and model. */
export function judgeLabeler({ name, model }: { readonly name: string; readonly model: string }): string {
  return `judge:${name}:${model}`;
}
