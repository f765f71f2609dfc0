import type { Comparisons } from "../../../api/v1alpha1/canary-comparisons.ts";
import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessWinRate } from "../../../gates/assess.ts";
import { type Betting, FIRST_ON_PROMPT, isVote, selectBet } from "../../../gates/bet.ts";
import { foldWinRate, notWorse, type WinRateSpec, type WinRateState, winRateTest } from "../../../gates/win-rate.ts";
import { COMPARISONS, comparisonsWith, type Wording } from "../../../gates/wording.ts";
import { againstOf } from "../evidence/baseline.ts";
import { defineGate, type Gate, numbersOf } from "./gate.ts";
import { shared } from "./shared.ts";
import { thresholdSpec, twoThresholdState } from "./two-thresholds.ts";

type Settings = PreferenceCanarySpec["gates"]["winRate"];

/** A percentage has at most six decimals. */
const MILLIONTHS = 1e6;

/**
 * Bonferroni: of `among` candidates that are each judged at a part of the rates, any is promoted wrongly, or rolled back
 * wrongly, with at most the whole of them, however their comparisons depend on each other.
 */
export function sharedOut(settings: Settings, among: number): Settings {
  const part = (percent: string) => {
    const whole = Math.round(parsePercent(percent) * 100 * MILLIONTHS);
    return `${Math.max(1, Math.floor(whole / among)) / MILLIONTHS}%`;
  };
  const { falsePromotion, falseRollback } = settings;
  return { ...settings, falsePromotion: part(falsePromotion), falseRollback: part(falseRollback) };
}

/** What makes a comparison evidence. */
export type Comparing = Betting & Pick<Comparisons, "baseline">;

/** What the gate is asked for. Stable's own model is to be not worse than stable instead of better; a baseline is to be beaten by any. */
export function winRateSpec(
  settings: Settings,
  { baseline }: Pick<Comparing, "baseline">,
  sameModel: boolean,
): WinRateSpec {
  const spec = thresholdSpec(settings);
  return sameModel && baseline === undefined ? notWorse(spec) : spec;
}

/** With whom, in words and in status. */
export function comparedIn({ baseline }: Pick<Comparing, "baseline">): {
  readonly against?: string;
  readonly wording: Wording;
} {
  if (baseline === undefined) return { wording: COMPARISONS };
  const against = againstOf(baseline);
  return { against, wording: comparisonsWith(against) };
}

/** Without the defaults: the words of a run that began before there was a choice stay the same. */
export function numbersOfBets({ unit, votesPerUnit, baseline }: Comparing): Readonly<Record<string, string | number>> {
  return {
    ...(baseline && { against: againstOf(baseline) }),
    ...(unit !== FIRST_ON_PROMPT.unit && { unit }),
    ...(votesPerUnit !== FIRST_ON_PROMPT.votesPerUnit && { votesPerUnit }),
  };
}

/** From comparisons of this candidate with this stable, or with the baseline. */
export const winRateGate = shared((settings: Settings, comparing: Comparing, sameModel: boolean): Gate => {
  const { against, wording } = comparedIn(comparing);
  const test = winRateTest(winRateSpec(settings, comparing, sameModel), wording);
  return defineGate<WinRateState, "comparisons">({
    ...twoThresholdState,
    name: "winRate",
    numbers: numbersOf({ ...settings, ...numbersOfBets(comparing) }),
    against,
    stream: "comparisons",
    counts: (comparison) => selectBet(comparison, comparing) !== undefined,
    // A panel that has bet already is not silent.
    hears: (comparison) => isVote(comparison, comparing),
    fold: (state, { sequence, outcome }) => foldWinRate(test, state, { sequence, outcome }),
    assess: (state, problem) => assessWinRate(test, state, problem),
  });
});
