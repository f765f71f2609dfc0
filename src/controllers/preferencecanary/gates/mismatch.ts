import type { PreferenceCanarySpec } from "../../../api/v1alpha1/preference-canary.ts";
import { parseDuration, parsePercent } from "../../../api/v1alpha1/quantity.ts";
import { assessMismatch } from "../../../gates/assess-mismatch.ts";
import { emptyMismatch, foldMismatch, type MismatchSpec, mismatchTest } from "../../../gates/mismatch.ts";
import type { Share } from "../run/shares.ts";
import { defineGate, type Gate, numbersOf, type Rated } from "./gate.ts";
import { type Arrivals, isReadableMismatch, type Period, readMismatch, writeMismatch } from "./mismatch-state.ts";

type Settings = NonNullable<PreferenceCanarySpec["gates"]["mismatch"]>;

export function mismatchSpec({ falseAlarm, minSamples }: Settings): MismatchSpec {
  return { falseAlarm: parsePercent(falseAlarm), minSamples };
}

const NOTHING: Arrivals = { state: emptyMismatch, periods: [] };

/**
 * From whose answers are rated, every rating being one arrival: a rater who rates often does so by the weights too. It
 * counts at the share that is in force, once that has been for so long that few rate answers from before.
 */
export function mismatchGate(settings: Settings, { revision: candidate, since }: Rated): Gate {
  const test = mismatchTest(mismatchSpec(settings));
  const settleMs = parseDuration(settings.settle);
  return defineGate<Arrivals, "ratings">({
    name: "mismatch",
    numbers: numbersOf(settings),
    stream: "ratings",
    since,
    counts: (rating, { shares }) => shares?.at(rating, settleMs) !== undefined,
    fold(arrivals, rating, { shares }) {
      const share = shares?.at(rating, settleMs);
      if (share === undefined) return arrivals;
      const { sequence, revision } = rating;
      const periods = withRecord(arrivals.periods, sequence, share);
      // The stream begins with the candidate's first rating, whatever the weights say: one record says nothing.
      if (arrivals.periods.length === 0) return { ...arrivals, periods };
      const arm = revision === candidate ? "Candidate" : "Stable";
      return { state: foldMismatch(test, arrivals.state, { sequence, arm, share: share.candidate }), periods };
    },
    read: readMismatch,
    write: writeMismatch,
    isReadable: isReadableMismatch,
    samples: ({ state }) => state.samples,
    retry: () => NOTHING,
    assess: ({ state }, problem) => {
      const { evidence, ...statement } = assessMismatch(test, state, "ratings", problem);
      return { ...statement, evidence: { rollback: evidence.mismatch } };
    },
  });
}

function withRecord(periods: readonly Period[], sequence: number, { candidate, since }: Share): readonly Period[] {
  const last = periods.at(-1);
  if (last?.share === candidate && last.since === since) return periods.with(-1, { ...last, last: sequence });
  return [...periods, { share: candidate, since, first: sequence, last: sequence }];
}
