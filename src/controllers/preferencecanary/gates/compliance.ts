import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { assessWinRate } from "../../../gates/assess.ts";
import { foldWinRate, type WinRateState, winRateTest } from "../../../gates/win-rate.ts";
import { RATINGS } from "../../../gates/wording.ts";
import { defineGate, type Gate, numbersOf, type Rated } from "./gate.ts";
import { shared } from "./shared.ts";
import { thresholdSpec, twoThresholdState } from "./two-thresholds.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["compliance"]>;

const testOf = shared((settings: Settings) => winRateTest(thresholdSpec(settings), RATINGS));

/** From the ratings of this candidate's answers. The unit is the rater: the first rating of each is a bet. */
export function complianceGate(settings: Settings, { revision: candidate, since }: Rated): Gate {
  const test = testOf(settings);
  return defineGate<WinRateState, "ratings">({
    ...twoThresholdState,
    name: "compliance",
    numbers: numbersOf(settings),
    since,
    stream: "ratings",
    counts: ({ revision, vote }) => revision === candidate && vote === 1,
    fold: (state, { sequence, outcome }) => foldWinRate(test, state, { sequence, outcome }),
    assess: (state, problem) => assessWinRate(test, state, problem),
  });
}
