import type { PostPairRequest } from "../api/contracts/collector-api.ts";
import type { Arm, Asked } from "./arm.ts";
import { type AskOptions, distinctSeeds, pairId } from "./ask-both.ts";
import { type GenerationRequest, withLogprobs } from "./generation-request.ts";
import type { IsAmongHighest } from "./least-sure.ts";

/**
 * Kept: a pair was made of it. Surer: than others. Alike: both answers are the same, and nothing is to be preferred.
 * NoLogprobs: stable's server does not say them, or not of the answer alone. Failed: no whole answer.
 */
export type ConsideredResult = "Kept" | "Surer" | "Alike" | "NoLogprobs" | "Failed";

export interface Considered {
  readonly result: ConsideredResult;
  /** Of stable's answer and a second one, where it is kept. */
  readonly pair?: PostPairRequest;
}

/**
 * A pair to learn from, where stable is unsure what to answer. Both answers are stable's, and it is no comparison of arms, so
 * that what a candidate is judged by does not depend on how sure anybody was.
 */
export async function askUnsure(
  stable: Arm,
  request: GenerationRequest,
  { canary, random, signal, isLeastSure }: AskOptions & { readonly isLeastSure: IsAmongHighest },
): Promise<Considered> {
  // Those of the prompt would be among them.
  if (request.body.echo === true) return { result: "NoLogprobs" };
  const [seed, otherSeed] = distinctSeeds(random);
  const first = await stable.ask(withLogprobs(request), seed, signal);
  if (first.result !== "Text") return { result: "Failed" };
  if (first.surprise === undefined) return { result: "NoLogprobs" };
  if (!isLeastSure(first.surprise)) return { result: "Surer" };
  const second = await stable.ask(request, otherSeed, signal);
  if (second.result !== "Text") return { result: "Failed" };
  if (textOf(first) === textOf(second)) return { result: "Alike" };
  const { prompt, cohort } = request;
  const asked = { id: pairId(random), canary, prompt, ...(cohort !== undefined && { cohort }) };
  return { result: "Kept", pair: { ...asked, stable: first.answer, other: second.answer, training: true } };
}

function textOf({ answer }: Asked): string | undefined {
  return "text" in answer ? answer.text : undefined;
}
