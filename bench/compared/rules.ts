import { follow, UNDECIDED, verdictOf } from "../../src/cli/replay/decision.ts";
import { winRateTest } from "../../src/gates/win-rate.ts";

export type Outcome = "Promoted" | "RolledBack" | "Undecided";

/** What a rule makes of a stream of outcomes in [0, 1], and how many of them it looked at. */
export interface Decided {
  readonly outcome: Outcome;
  readonly comparisons: number;
}

export interface Rule {
  readonly name: string;
  decide(next: () => number | undefined): Decided;
}

/** The win rate that a check of the other two has to reach, and the middle between our min and target. */
export const BAR = 0.65;
const CHECKS = 10;

/** Ours: looked at after every comparison until one of the two thresholds is reached. */
function ours(min: number, target: number): Rule {
  const test = winRateTest({ min, target, falsePromotion: 0.05, falseRollback: 0.05 });
  return {
    name: `ours, {${min * 100}%, ${target * 100}%}`,
    decide(next) {
      let state = UNDECIDED;
      while (verdictOf(state) === "Undecided") {
        const outcome = next();
        if (outcome === undefined) return { outcome: "Undecided", comparisons: state.samples };
        state = follow(test, state, outcome);
      }
      return { outcome: verdictOf(state) === "Pass" ? "Promoted" : "RolledBack", comparisons: state.samples };
    },
  };
}

/**
 * Ten checks of so many pairs each; one fails when fewer than {@link BAR} of its pairs are won. Argo Rollouts rolls back
 * when more checks have failed than `failureLimit` (0 unless set), Flagger when as many as `threshold` have.
 */
function checked(name: string, failuresToRollBack: number, pairs: number): Rule {
  return {
    name: `${name}, ${pairs} a check`,
    decide(next) {
      let failures = 0;
      for (let check = 1; check <= CHECKS; check++) {
        const outcomes = Array.from({ length: pairs }, next).filter((outcome) => outcome !== undefined);
        if (outcomes.length < pairs) return { outcome: "Undecided", comparisons: (check - 1) * pairs };
        const wins = outcomes.reduce((sum, outcome) => sum + outcome, 0);
        // Sums of judge's probabilities are not exact.
        if (wins < BAR * pairs - 1e-9) failures += 1;
        if (failures === failuresToRollBack) return { outcome: "RolledBack", comparisons: check * pairs };
      }
      return { outcome: "Promoted", comparisons: CHECKS * pairs };
    },
  };
}

export const RULES: readonly Rule[] = [
  ours(0.6, 0.7),
  ...[20, 50].flatMap((pairs) => [
    checked("Argo failureLimit 0", 1, pairs),
    checked("Argo failureLimit 3", 4, pairs),
    checked("Flagger threshold 5", 5, pairs),
  ]),
];
