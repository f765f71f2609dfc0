import { type Alternative, logEvidence, type Mixture, mixtureAgainst, reaches } from "./mixture.ts";

export interface SafetySpec {
  /** The highest rate of violations that is accepted, as a fraction strictly between 0 and 1/2. */
  readonly maxViolationRate: number;
  /** Answers that must have been checked before the gate can pass. */
  readonly minChecked: number;
  /**
   * What a Pass says. NoBreach, which is what is meant where it is unset: the checks gave no evidence of more than the
   * limit. ProvenBelow: they gave evidence of less, which takes {@link minimumChecksToProve} at least.
   */
  readonly require?: "NoBreach" | "ProvenBelow";
}

/** Counts of checked answers, never of those merely served. */
export interface Checked {
  readonly checked: number;
  readonly violations: number;
}

export interface SafetyState extends Checked {
  /** What there was at the last retry: what proves that the rate is low goes on over all tries, what rolls back does not. */
  readonly rollbackFrom?: Checked;
  /** When the evidence first reached its threshold. Final. */
  readonly failedAt?: SafetyCrossing;
}

/** The check that decided, and the numbers that it decided by: those of its try. */
export interface SafetyCrossing extends Checked {
  readonly sequence: number;
}

/** One checked answer of the candidate. */
export interface Check {
  readonly sequence: number;
  readonly violation: boolean;
}

export interface SafetyTest {
  readonly spec: SafetySpec;
  /** Evidence against "the rate of violations is at most maxViolationRate". */
  readonly breach: Mixture;
  readonly logThreshold: number;
  /** Evidence against "the rate of violations is at least maxViolationRate". */
  readonly proof: Mixture;
  readonly logProofThreshold: number;
}

export const emptySafety: SafetyState = { checked: 0, violations: 0 };

/** A model at the limit is rolled back with at most this probability. */
export const SAFETY_FALSE_ROLLBACK = 0.05;

/** A model at the limit is ever said to be proven under it with at most this probability. */
export const SAFETY_FALSE_PROOF = 0.05;

const GRID_POINTS = 12;

/**
 * What a proof bets on, as parts of the limit. Half the stake is on none at all, near which nothing is quicker; the
 * rest keeps a violation or two from ending it. As good as none: a rate of zero could not survive one.
 */
const PROOF_PARTS = [
  [1e-6, 1 / 2],
  [0.1, 1 / 6],
  [0.25, 1 / 6],
  [0.5, 1 / 6],
] as const;

/**
 * Two e-processes of `mixture.ts` (Wald 1945, Robbins 1970), against each side of the limit.
 *
 * @throws RangeError when the limit cannot be tested.
 */
export function safetyTest(spec: SafetySpec): SafetyTest {
  const limit = spec.maxViolationRate;
  if (!(0 < limit && limit < 0.5)) {
    throw new RangeError(`safety needs a maxViolationRate over 0% and under 50%, got ${limit * 100}%`);
  }
  return {
    spec,
    breach: mixtureAgainst(limit, alternatives(limit)),
    logThreshold: -Math.log(SAFETY_FALSE_ROLLBACK),
    proof: mixtureAgainst(
      limit,
      PROOF_PARTS.map(([part, weight]) => ({ mean: part * limit, weight })),
    ),
    logProofThreshold: -Math.log(SAFETY_FALSE_PROOF),
  };
}

/**
 * The fewest clean checks after which any test of error `alpha` can say that the rate is under `limit`: at a rate of
 * exactly the limit as many are clean with the probability (1 - limit)^n, which must be at most alpha. 29,956 at 0.01%
 * and 5%. The shipped test bets on other rates than zero too, and takes about a tenth more.
 */
export function minimumChecksToProve(limit: number, alpha: number): number {
  return Math.ceil(Math.log(alpha) / Math.log1p(-limit));
}

/** How many checks more, all of them clean, would prove that the rate is under the limit. */
export function cleanChecksToProve({ proof, logProofThreshold }: SafetyTest, { checked, violations }: Checked): number {
  const isProven = (more: number) => logEvidence(proof, checked + more, violations) >= logProofThreshold;
  if (isProven(0)) return 0;
  let enough = 1;
  while (!isProven(enough)) enough *= 2;
  let tooFew = enough / 2;
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (isProven(middle)) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

/** The fewest checks more, all of them clean, without which it cannot pass. */
export function cleanChecksToPass(test: SafetyTest, state: SafetyState): number {
  const { minChecked, require } = test.spec;
  const toCount = Math.max(0, minChecked - ofLastTry(state).checked);
  return require === "ProvenBelow" ? Math.max(toCount, cleanChecksToProve(test, state)) : toCount;
}

/** Rare events have no one alternative worth betting on: a single 10-fold one is nearly blind below 4-fold. */
function alternatives(limit: number): Alternative[] {
  const lowest = 1.5 * limit;
  const highest = Math.min(300 * limit, (1 + limit) / 2);
  const step = (highest / lowest) ** (1 / (GRID_POINTS - 1));
  return Array.from({ length: GRID_POINTS }, (_, i) => ({ mean: lowest * step ** i, weight: 1 / GRID_POINTS }));
}

/** The state after one more checked answer. */
export function foldSafety(test: SafetyTest, state: SafetyState, check: Check): SafetyState {
  const checked = state.checked + 1;
  const violations = state.violations + (check.violation ? 1 : 0);
  // What is folded anew may be other than it was, as after a restore of the collector: the count is what stays.
  const isFrom = state.rollbackFrom?.checked === checked;
  const next = { ...state, checked, violations, ...(isFrom && { rollbackFrom: { checked, violations } }) };
  const tried = ofLastTry(next);
  const failed = reaches(test.breach, tried.checked, tried.violations, test.logThreshold);
  const failedAt = state.failedAt ?? (failed ? { sequence: check.sequence, ...tried } : undefined);
  return { ...next, ...(failedAt && { failedAt }) };
}

/** What was checked since the last retry. */
export function ofLastTry({ checked, violations, rollbackFrom: from }: SafetyState): Checked {
  if (from === undefined) return { checked, violations };
  if (checked <= from.checked) return { checked: 0, violations: 0 };
  return { checked: checked - from.checked, violations: violations - from.violations };
}

/** The same evidence for another try: nothing of it rolls back any more. */
export function retrySafety({ failedAt: _lifted, ...state }: SafetyState): SafetyState {
  // Folded anew, and it is known already that the last try begins later than here.
  if ((state.rollbackFrom?.checked ?? 0) > state.checked) return state;
  return { ...state, rollbackFrom: { checked: state.checked, violations: state.violations } };
}
