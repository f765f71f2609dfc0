import { explainSafety, explainWinRate } from "./explain.ts";
import { anytimeInterval, type Interval } from "./interval.ts";
import { type Evidence, logEvidence } from "./mixture.ts";
import { ofLastTry, type SafetyState, type SafetyTest } from "./safety.ts";
import { safetyVerdict, type Verdict, winRateVerdict } from "./verdict.ts";
import { isExhausted, promotionEvidence, sinceRetry, type WinRateState, type WinRateTest } from "./win-rate.ts";

/** What every gate says of itself. Rates are fractions. */
export interface Statement {
  readonly verdict: Verdict;
  /** Bets made, or answers checked. */
  readonly samples: number;
  /** Sum of the outcomes, or violations. */
  readonly sum: number;
  /** Absent while there is no sample. */
  readonly estimate?: number;
  readonly interval: Interval;
  readonly message: string;
}

/** What a gate says whose evidence can fail a candidate. */
export interface Assessment extends Statement {
  readonly evidence: { readonly promote?: Evidence; readonly rollback: Evidence };
  /** There is no verdict, and by the user's own maxSamples there will be no Pass. */
  readonly exhausted?: boolean;
}

/** Of winRate and compliance. `problem`: why the evidence cannot be read at this look, if they cannot. */
export function assessWinRate(test: WinRateTest, state: WinRateState, problem?: string): Assessment {
  const { samples, sum } = state;
  const tried = sinceRetry(state);
  const evidence = {
    promote: { log: promotionEvidence(test, state), logThreshold: test.logPromotionThreshold },
    rollback: { log: logEvidence(test.rollback, tried.samples, tried.sum), logThreshold: test.logRollbackThreshold },
  };
  return {
    verdict: winRateVerdict(test, state, problem),
    ...summary(samples, sum),
    evidence,
    ...(isExhausted(test, state) && { exhausted: true }),
    message: explainWinRate(test, state, evidence, problem),
  };
}

/** `problem`: why the checks cannot be read at this look, if they cannot. */
export function assessSafety(test: SafetyTest, state: SafetyState, problem?: string): Assessment {
  const { checked, violations } = state;
  const proof = { log: logEvidence(test.proof, checked, violations), logThreshold: test.logProofThreshold };
  const tried = ofLastTry(state);
  const evidence = {
    ...(test.spec.require === "ProvenBelow" && { promote: proof }),
    rollback: { log: logEvidence(test.breach, tried.checked, tried.violations), logThreshold: test.logThreshold },
  };
  return {
    verdict: safetyVerdict(test, state, problem),
    ...summary(checked, violations),
    evidence,
    message: explainSafety(test, state, evidence, problem),
  };
}

function summary(samples: number, sum: number) {
  return { samples, sum, ...(samples > 0 && { estimate: sum / samples }), interval: anytimeInterval(samples, sum) };
}
