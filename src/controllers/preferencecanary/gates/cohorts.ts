import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessCohorts } from "../../../gates/assess-cohorts.ts";
import { isVote, selectBet } from "../../../gates/bet.ts";
import {
  altogether,
  type CohortsSpec,
  type CohortsState,
  cohortsTest,
  emptyCohorts,
  foldCohorts,
} from "../../../gates/cohorts.ts";
import { isReadableCohorts, readCohorts, writeCohorts } from "./cohorts-state.ts";
import { defineGate, type Gate, numbersOf } from "./gate.ts";
import { type Comparing, comparedIn, numbersOfBets } from "./win-rate.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["cohorts"]>;

/** Sorted: they are a set, which has no order. */
export function cohortsSpec({ names, min, minSamples, falseRollback }: Settings): CohortsSpec {
  return {
    cohorts: names.toSorted(),
    min: parsePercent(min),
    minSamples,
    falseRollback: parsePercent(falseRollback),
  };
}

/** From comparisons of this candidate with this stable, or with the baseline, by the cohort of each. */
export function cohortsGate(settings: Settings, comparing: Comparing): Gate {
  const { against, wording } = comparedIn(comparing);
  const test = cohortsTest(cohortsSpec(settings), wording);
  const { cohorts: names } = test.spec;
  return defineGate<CohortsState, "comparisons">({
    name: "cohorts",
    numbers: numbersOf({ ...settings, names: names.join(" "), ...numbersOfBets(comparing) }),
    against,
    stream: "comparisons",
    counts: (comparison) => selectBet(comparison, comparing) !== undefined,
    hears: (comparison) =>
      comparison.cohort !== null && names.includes(comparison.cohort) && isVote(comparison, comparing),
    fold: (state, { sequence, outcome, cohort }) => foldCohorts(test, state, { sequence, outcome, cohort }),
    read: (gate) => readCohorts(names, gate),
    write: (state) => writeCohorts(names, state),
    isReadable: (gate) => isReadableCohorts(names, gate),
    samples: (state) => altogether(state).samples,
    retry: () => emptyCohorts,
    assess: (state, problem) => assessCohorts(test, state, problem),
  });
}
