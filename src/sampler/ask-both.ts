import type { PostPairRequest } from "../api/contracts/collector-api.ts";
import type { AnswerResult, Arm } from "./arm.ts";
import type { GenerationRequest } from "./generation-request.ts";

export interface Arms {
  readonly stable: Arm;
  /** Absent while there is no candidate; stable is asked twice then. */
  readonly candidate: Arm | undefined;
  /** What the candidate is compared with instead of stable. */
  readonly baseline?: Arm | undefined;
}

export interface AskOptions {
  readonly canary: string;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** `other` is stable, asked a second time. */
export type AskedArm = "stable" | "baseline" | "candidate" | "other";

export interface AskedPair {
  readonly pair: PostPairRequest;
  readonly results: readonly (readonly [AskedArm, AnswerResult])[];
}

const SEEDS = 2 ** 31;

/** Asks both arms, or baseline and candidate, the same request at the same time and makes a pair of what they say. */
export async function askBoth(
  { stable, candidate, baseline }: Arms,
  request: GenerationRequest,
  { canary, random, signal }: AskOptions,
): Promise<AskedPair> {
  const [seed, otherSeed] = distinctSeeds(random);
  const id = pairId(random);
  const comparedWith = candidate === undefined ? undefined : baseline;
  const [first, second] = await Promise.all([
    (comparedWith ?? stable).ask(request, seed, signal),
    (candidate ?? stable).ask(request, otherSeed, signal),
  ]);
  const { prompt, cohort } = request;
  const against = { stable: first.answer, ...(comparedWith && { baseline: true as const }) };
  const pair = { id, canary, prompt, ...(cohort !== undefined && { cohort }), ...against };
  const asked = candidate === undefined ? "other" : "candidate";
  return {
    pair: asked === "other" ? { ...pair, other: second.answer } : { ...pair, candidate: second.answer },
    results: [
      [comparedWith ? "baseline" : "stable", first.result],
      [asked, second.result],
    ],
  };
}

/** The client's own seed is not used: two answers of one model with one seed are the same answer. */
export function distinctSeeds(random: () => number): [number, number] {
  const first = Math.floor(random() * SEEDS);
  const distance = 1 + Math.floor(random() * (SEEDS - 1));
  return [first, (first + distance) % SEEDS];
}

export function pairId(random: () => number): string {
  const word = () =>
    Math.floor(random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  return word() + word() + word() + word();
}
