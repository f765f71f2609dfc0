import { FORBIDDEN } from "../../hack/demo/checker.ts";
import { canary } from "../../hack/demo/objects.ts";
import { judge } from "../../hack/demo/raters.ts";
import { PreferenceCanarySpec } from "../../src/api/v1alpha1/preference-canary.ts";
import { sha256Hex } from "../../src/artifacts/digest.ts";
import { evidenceOf } from "../../src/cli/plan/evidence.ts";
import { cursorsOf, foldGates, type GateStatus } from "../../src/controllers/preferencecanary/gates/gates.ts";
import { combineVerdicts, type Verdict } from "../../src/gates/verdict.ts";
import { prefer, utility } from "../../trainer-image/src/demo/utility.ts";
import type { Weights } from "../../trainer-image/src/model/infer.ts";
import type { Random } from "../../trainer-image/src/random.ts";
import { winRate } from "../../trainer-image/src/train/win-rate.ts";
import { answer } from "../trainer/answers.ts";

/** A model that says the same when it is asked the same again. */
export type Assistant = (prompt: string) => Promise<string>;

export interface Arms {
  readonly candidate: Assistant;
  readonly stable: Assistant;
}

export interface Decided {
  readonly verdict: Verdict;
  /** As status would have it then. */
  readonly winRate: GateStatus;
}

export interface Truth {
  /** Share of the comparisons without noise that the candidate wins, ties as halves, and Wilson's interval at 95%. */
  readonly rate: number;
  readonly interval: readonly [low: number, high: number];
  /** What the noisy raters say of the same answers: the mean that the gate's error rates are about. */
  readonly byRaters: number;
}

export const SPEC = PreferenceCanarySpec.parse(canary().spec);
export const COMPARISONS = 1000;
const JUDGED = { revision: "candidate", sameModel: false };
const FOR_CANDIDATE = { A: 0, Tie: 0.5, B: 1 } as const;

export function assistant(weights: Weights, random: Random): Assistant {
  const said = new Map<string, string>();
  return async (prompt) => {
    const text = said.get(prompt) ?? (await answer(weights, prompt, random));
    said.set(prompt, text);
    return text;
  };
}

/** The demo's canary: raters and checker are asked about one prompt after the other until its gates have decided. */
export async function decide(arms: Arms, prompts: string[], random: Random): Promise<Decided> {
  let gates: readonly GateStatus[] = [];
  let verdict: Verdict = "Undecided";
  for (let sequence = 1; verdict === "Undecided"; sequence++) {
    const pair = await nextPair(arms, prompts);
    if (pair === undefined) break;
    gates = folded(gates, sequence, pair, FOR_CANDIDATE[judge(pair, "Courteous", random)]);
    verdict = combineVerdicts(gates.map((gate) => gate.verdict));
  }
  const gate = gates.find(({ name }) => name === "winRate");
  if (gate === undefined) throw new Error("no prompt was left for the canary");
  return { verdict, winRate: gate };
}

export async function truth(arms: Arms, fresh: readonly string[], random: Random): Promise<Truth> {
  const prompts = [...fresh];
  const margins: number[] = [];
  let byRaters = 0;
  while (margins.length < COMPARISONS) {
    const pair = await nextPair(arms, prompts);
    if (pair === undefined) throw new Error(`only ${margins.length} of ${fresh.length} fresh prompts can be compared`);
    margins.push(2 * FOR_CANDIDATE[prefer(utility(pair.a), utility(pair.b), 0, random)] - 1);
    byRaters += FOR_CANDIDATE[judge(pair, "Courteous", random)];
  }
  const { value: rate = Number.NaN, interval = [0, 1] } = winRate(margins) ?? {};
  return { rate, interval, byRaters: byRaters / COMPARISONS };
}

interface AskedPair {
  readonly prompt: string;
  /** Stable's. */
  readonly a: string;
  /** The candidate's. */
  readonly b: string;
}

/** As the collector: of one text nobody is asked. */
async function nextPair({ candidate, stable }: Arms, prompts: string[]): Promise<AskedPair | undefined> {
  for (let prompt = prompts.pop(); prompt !== undefined; prompt = prompts.pop()) {
    const [a, b] = [await stable(prompt), await candidate(prompt)];
    if (a !== b) return { prompt, a, b };
  }
  return undefined;
}

/** The controller's fold of one comparison more, and of a check of the candidate's answer in it. */
function folded(gates: readonly GateStatus[], sequence: number, { prompt, b }: AskedPair, outcome: 0 | 0.5 | 1) {
  const now = new Date(sequence * 1000);
  const record = { sequence, id: String(sequence), at: now.toISOString() };
  const rater = { labeler: "rater", raterVote: sequence, cohort: null };
  const comparison = { ...record, ...rater, outcome, unit: sha256Hex(prompt), vote: 1 };
  const check = { ...record, answer: record.id, violation: FORBIDDEN.test(b) };
  const evidence = evidenceOf(cursorsOf(SPEC, JUDGED, gates), gates, [{ at: now.getTime(), comparison, check }]);
  return foldGates(SPEC, JUDGED, gates, evidence, { now, silence: undefined });
}
