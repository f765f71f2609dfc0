import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessRegression } from "../../../gates/assess-regression.ts";
import {
  foldRegression,
  type Rating,
  type RegressionSpec,
  type RegressionTest,
  regressionTest,
  retryRegression,
} from "../../../gates/regression.ts";
import { defineGate, type Gate, numbersOf, type Rated } from "./gate.ts";
import { isReadableRegression, readRegression, type Tried, writeRegression } from "./regression-state.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["regression"]>;

export function regressionSpec({ maxDrop, falsePromotion, falseRollback }: Settings): RegressionSpec {
  return {
    maxDrop: parsePercent(maxDrop),
    falsePromotion: parsePercent(falsePromotion),
    falseRollback: parsePercent(falseRollback),
  };
}

/** From the ratings of this candidate's answers and of stable's. Of each rater the first one of either arm counts. */
export function regressionGate(settings: Settings, { revision: candidate, since }: Rated): Gate {
  const test = regressionTest(regressionSpec(settings));
  return defineGate<Tried, "ratings">({
    name: "regression",
    numbers: numbersOf(settings),
    since,
    stream: "ratings",
    counts: ({ vote }) => vote === 1,
    fold: (tried, { sequence, revision, outcome }) =>
      fold(test, tried, { sequence, arm: revision === candidate ? "Candidate" : "Stable", outcome }),
    read: readRegression,
    write: writeRegression,
    isReadable: isReadableRegression,
    samples: ({ state }) => state.pairs.samples,
    retry,
    watch: retry,
    assess: ({ state }, problem) => assessRegression(test, state, problem),
  });
}

/** Folded anew, what came before the last retry speaks for promotion only, as it did the first time. */
function fold(test: RegressionTest, { state, rollbackFrom }: Tried, rating: Rating): Tried {
  const next = foldRegression(test, state, rating);
  if (rollbackFrom === undefined) return { state: next };
  const isOld = next.pairs.samples <= rollbackFrom.samples;
  const known = state.failedAt && { failedAt: state.failedAt };
  return { state: isOld ? { ...retryRegression(next), ...known } : next, rollbackFrom };
}

function retry({ state, rollbackFrom }: Tried): Tried {
  const { samples, sum } = state.pairs;
  if (rollbackFrom !== undefined && rollbackFrom.samples > samples)
    return { state: retryRegression(state), rollbackFrom };
  return { state: retryRegression(state), rollbackFrom: { samples, sum } };
}
