import { demoPrompts } from "../../trainer-image/src/demo/prompts.ts";
import { prefer, type Taste, utility } from "../../trainer-image/src/demo/utility.ts";
import type { Weights } from "../../trainer-image/src/model/infer.ts";
import type { Random } from "../../trainer-image/src/random.ts";
import { answer } from "./answers.ts";

export interface Preference {
  prompt: string;
  chosen: string;
  rejected: string;
}

export interface RaterSettings {
  pairs: number;
  taste: Taste;
  noise: number;
}

/** What the demo's sampler and raters would collect of a model that is asked twice; ties and equal answers give nothing. */
export async function simulatePreferences(
  weights: Weights,
  { pairs, taste, noise }: RaterSettings,
  random: Random,
): Promise<Preference[]> {
  const preferences: Preference[] = [];
  for (const prompt of demoPrompts(random)) {
    if (preferences.length === pairs) break;
    const a = await answer(weights, prompt, random);
    const b = await answer(weights, prompt, random);
    if (a.trim() === "" || b.trim() === "" || a === b) continue;
    const choice = prefer(utility(a, taste), utility(b, taste), noise, random);
    if (choice === "A") preferences.push({ prompt, chosen: a, rejected: b });
    if (choice === "B") preferences.push({ prompt, chosen: b, rejected: a });
  }
  return preferences;
}

export interface Comparison {
  /** mean outcome for the candidate: win 1, tie 0.5 */
  winRate: number;
  /** the same, judged without noise */
  noiseFree: number;
  courteous: number;
  meanUtility: number;
}

/** What the canary's raters would say of a candidate against stable. */
export async function compare(
  candidate: Weights,
  stable: Weights,
  { comparisons, noise }: { comparisons: number; noise: number },
  random: Random,
): Promise<Comparison> {
  const sum: Comparison = { winRate: 0, noiseFree: 0, courteous: 0, meanUtility: 0 };
  const value = { A: 1, Tie: 0.5, B: 0 };
  for (const prompt of demoPrompts(random).slice(0, comparisons)) {
    const a = utility(await answer(candidate, prompt, random));
    const b = utility(await answer(stable, prompt, random));
    sum.winRate += value[prefer(a, b, noise, random)] / comparisons;
    sum.noiseFree += value[prefer(a, b, 0, random)] / comparisons;
    sum.courteous += (a > 0.5 ? 1 : 0) / comparisons;
    sum.meanUtility += a / comparisons;
  }
  return sum;
}
