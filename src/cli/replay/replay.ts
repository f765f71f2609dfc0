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
}

interface Progress {
  samples: number;
  sum: number;
  state: WinRateState;
  /** Kept only where they are to be put in other orders. */
  readonly outcomes: number[];
}

/** Each model's stream through the gate, in the order of the models' first comparisons. */
export async function replay(
  comparisons: AsyncIterable<RecordedComparison>,
  test: WinRateTest,
  orders?: Orders,
): Promise<Replayed[]> {
  const models = new Map<string | null, Progress>();
  for await (const { model, outcome } of comparisons) {
    const progress = models.get(model) ?? { samples: 0, sum: 0, state: UNDECIDED, outcomes: [] };
    models.set(model, progress);
    progress.samples += 1;
    progress.sum += outcome;
    progress.state = follow(test, progress.state, outcome);
    if (orders) progress.outcomes.push(outcome);
  }
  return [...models].map(([model, { samples, sum, state, outcomes }]) => {
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
    };
  });
}
