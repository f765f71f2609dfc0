import { assessCohorts } from "../../gates/assess-cohorts.ts";
import { type CohortsState, type CohortsTest, emptyCohorts, foldCohorts, tallyOf } from "../../gates/cohorts.ts";
import { anytimeInterval } from "../../gates/interval.ts";
import type { WinRateState, WinRateTest } from "../../gates/win-rate.ts";
import type { RecordedComparison } from "./comparison.ts";
import { follow, type ReplayVerdict, UNDECIDED, verdictOf } from "./decision.ts";
import { type Orders, verdictsInOrders } from "./orders.ts";

/** What the gate would have said of one model. Rates are fractions. */
export interface Replayed {
  /** null: the file does not name it. */
  readonly model: string | null;
  /** Of the whole file, as are estimate and interval. */
  readonly samples: number;
  readonly estimate: number;
  readonly interval: readonly [low: number, high: number];
  readonly verdict: ReplayVerdict;
  /** The number of comparisons at the decision; null: there was none. */
  readonly decidedAt: number | null;
  /** How often each verdict came out of the same comparisons in other orders. */
  readonly orders?: Readonly<Record<ReplayVerdict, number>>;
  /** What gates.cohorts would have said, of the whole file unless it failed. */
  readonly cohorts?: ReplayedCohorts;
}

export interface ReplayedCohorts {
  readonly verdict: ReplayVerdict;
  /** The number of comparisons at which it failed; null: it did not. */
  readonly failedAt: number | null;
  /** Those that the evidence could name then. */
  readonly harmed: readonly string[];
  /** Of the whole file; estimate null: it has none of it. */
  readonly each: readonly { readonly name: string; readonly samples: number; readonly estimate: number | null }[];
}

export interface ReplayOptions {
  readonly orders?: Orders | undefined;
  /** The first comparison of each labeler is the bet; the others are no evidence. */
  readonly isByLabeler?: boolean;
  readonly cohorts?: CohortsTest | undefined;
}

interface Progress {
  samples: number;
  sum: number;
  state: WinRateState;
  cohorts: CohortsState;
  readonly labelers: Set<string>;
  /** Kept only where they are to be put in other orders. */
  readonly outcomes: number[];
}

/** Each model's stream through the gate, in the order of the models' first comparisons. */
export async function replay(
  comparisons: AsyncIterable<RecordedComparison>,
  test: WinRateTest,
  { orders, isByLabeler = false, cohorts }: ReplayOptions = {},
): Promise<Replayed[]> {
  const models = new Map<string | null, Progress>();
  for await (const { model, outcome, labeler, cohort } of comparisons) {
    const progress = models.get(model) ?? begin();
    models.set(model, progress);
    if (isByLabeler && !isFirst(progress, labeler)) continue;
    progress.samples += 1;
    progress.sum += outcome;
    progress.state = follow(test, progress.state, outcome);
    const bet = { sequence: progress.samples, outcome, cohort };
    if (cohorts) progress.cohorts = foldCohorts(cohorts, progress.cohorts, bet);
    if (orders) progress.outcomes.push(outcome);
  }
  return [...models].map(([model, { samples, sum, state, outcomes, cohorts: ofCohorts }]) => {
    const { low, high } = anytimeInterval(samples, sum);
    const verdict = verdictOf(state);
    return {
      model,
      samples,
      estimate: sum / samples,
      interval: [low, high],
      verdict,
      decidedAt: verdict === "Undecided" ? null : state.samples,
      ...(orders && { orders: verdictsInOrders(test, outcomes, orders) }),
      ...(cohorts && { cohorts: saidOf(cohorts, ofCohorts) }),
    };
  });
}

function begin(): Progress {
  return { samples: 0, sum: 0, state: UNDECIDED, cohorts: emptyCohorts, labelers: new Set(), outcomes: [] };
}

/** Who is not named is nobody's second vote. */
function isFirst({ labelers }: Progress, labeler: string | null): boolean {
  if (labeler === null) return true;
  if (labelers.has(labeler)) return false;
  labelers.add(labeler);
  return true;
}

function saidOf(test: CohortsTest, state: CohortsState): ReplayedCohorts {
  const { verdict } = assessCohorts(test, state);
  const each = test.spec.cohorts.map((name) => {
    const { samples, sum } = tallyOf(state, name);
    return { name, samples, estimate: samples === 0 ? null : sum / samples };
  });
  return {
    verdict: verdict === "Pass" || verdict === "Fail" ? verdict : "Undecided",
    failedAt: state.failedAt?.sequence ?? null,
    harmed: state.failedAt?.cohorts ?? [],
    each,
  };
}
