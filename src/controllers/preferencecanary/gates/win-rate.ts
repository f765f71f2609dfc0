import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessWinRate } from "../../../gates/assess.ts";
import { type Betting, FIRST_ON_PROMPT, selectBet } from "../../../gates/bet.ts";
import { foldWinRate, notWorse, type WinRateSpec, type WinRateState, winRateTest } from "../../../gates/win-rate.ts";
import { defineGate, type Gate, numbersOf } from "./gate.ts";
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

/** What the gate is asked for. `sameModel`: to be not worse instead of better. */
export function winRateSpec(settings: Settings, sameModel: boolean): WinRateSpec {
  const spec = thresholdSpec(settings);
  return sameModel ? notWorse(spec) : spec;
}

/** Without the defaults: the words of a run that began before there was a choice stay the same. */
export function numbersOfBets({ unit, votesPerUnit }: Betting): Readonly<Record<string, string | number>> {
  return {
    ...(unit !== FIRST_ON_PROMPT.unit && { unit }),
    ...(votesPerUnit !== FIRST_ON_PROMPT.votesPerUnit && { votesPerUnit }),
  };
}

/** From comparisons of this candidate with this stable. */
export function winRateGate(settings: Settings, betting: Betting, sameModel: boolean): Gate {
  const test = winRateTest(winRateSpec(settings, sameModel));
  return defineGate<WinRateState, "comparisons">({
    ...twoThresholdState,
    name: "winRate",
    numbers: numbersOf({ ...settings, ...numbersOfBets(betting) }),
    stream: "comparisons",
    counts: (comparison) => selectBet(comparison, betting) !== undefined,
    fold: (state, { sequence, outcome }) => foldWinRate(test, state, { sequence, outcome }),
    assess: (state, problem) => assessWinRate(test, state, problem),
  });
}
