import { seededRandom } from "../../dataset/seeded-random.ts";
import type { WinRateTest } from "../../gates/win-rate.ts";
import { follow, type ReplayVerdict, UNDECIDED, verdictOf } from "./decision.ts";

export interface Orders {
  /** How many shuffles. */
  readonly count: number;
  readonly seed: number;
}

/** The verdicts over shuffles of the same outcomes. The seed determines them, whatever else is in the file. */
export function verdictsInOrders(
  test: WinRateTest,
  outcomes: readonly number[],
  { count, seed }: Orders,
): Record<ReplayVerdict, number> {
  const random = seededRandom(seed);
  const order = [...outcomes];
  const verdicts = { Pass: 0, Fail: 0, Undecided: 0 };
  for (let each = 0; each < count; each++) {
    shuffle(order, random);
    verdicts[verdictIn(test, order)]++;
  }
  return verdicts;
}

function verdictIn(test: WinRateTest, outcomes: readonly number[]): ReplayVerdict {
  let state = UNDECIDED;
  for (const outcome of outcomes) {
    state = follow(test, state, outcome);
    if (verdictOf(state) !== "Undecided") break;
  }
  return verdictOf(state);
}

/** In place; every order is equally likely (Fisher and Yates). */
export function shuffle<T>(items: T[], random: () => number): void {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [items[last] as T, items[other] as T];
    items[last] = b;
    items[other] = a;
  }
}
