import * as z from "zod";
import type { MismatchState } from "../../../gates/mismatch.ts";
import type { Shares } from "../run/shares.ts";
import type { GateStatus, Kept } from "./gate.ts";
import { readCrossing, writeCrossing } from "./two-thresholds.ts";

/** Records from one to another, in the collector's order, that were counted at one share. */
export interface Period {
  readonly share: number;
  /** Since when it was in force, in milliseconds since the epoch. */
  readonly since: number;
  readonly first: number;
  readonly last: number;
}

export interface Arrivals {
  readonly state: MismatchState;
  /** What was counted at which share, which no record tells. */
  readonly periods: readonly Period[];
}

const VERSION = 1;
/**
 * Every interruption of a weight begins another one, and the field is bounded: what was counted in older ones stays counted,
 * but cannot be folded again.
 */
const MOST_PERIODS = 25;
const count = z.int().nonnegative();
const number = z.number();

/** What was expected and the evidence, what arrived at the last share, what was expected at the mismatch, periods. */
const Numbers = z.tuple([
  z.literal(VERSION),
  z.tuple([number, number]),
  z.tuple([number, count, count]),
  number.nullable(),
  z.array(z.tuple([number, count, count, count])),
]);
type Numbers = z.infer<typeof Numbers>;

const EMPTY: Numbers = [VERSION, [0, 0], [0, 0, 0], null, []];

export function readMismatch(gate: Kept | undefined): Arrivals {
  const { state: text, samples = 0, sum = "0", failedAt } = gate ?? {};
  const numbers = (text === undefined ? undefined : parse(text)) ?? EMPTY;
  const [, [expected, log], [share, arrived, hits], expectedThen] = numbers;
  // Folded anew the first one stays, but what was expected then is not known any more.
  const then = expectedThen === null ? {} : { expected: expectedThen };
  return {
    periods: periodsOf(numbers),
    state: {
      ...{ samples, sum: Number(sum), expected, log },
      current: { share, samples: arrived, sum: hits },
      ...(failedAt && { mismatchedAt: { ...readCrossing(failedAt), ...then } }),
    },
  };
}

/** Nothing was folded yet, or the numbers are there. */
export function isReadableMismatch({ state, cursor }: GateStatus): boolean {
  return state === undefined ? cursor === undefined : parse(state) !== undefined;
}

export function writeMismatch({ state, periods }: Arrivals): Kept {
  const { samples, sum, expected, log, current, mismatchedAt } = state;
  const numbers: Numbers = [
    VERSION,
    [expected, log],
    [current.share, current.samples, current.sum],
    mismatchedAt?.expected ?? null,
    periods
      .slice(-MOST_PERIODS)
      .map(({ share, since, first, last }): [number, number, number, number] => [share, since, first, last]),
  ];
  return {
    samples,
    sum: String(sum),
    state: JSON.stringify(numbers),
    ...(mismatchedAt && { failedAt: writeCrossing(mismatchedAt) }),
  };
}

/** The shares by which a run was counted, from what its gate remembers: with them its records can be folded again. */
export function rememberedShares(state: string | undefined): Shares | undefined {
  const numbers = state === undefined ? undefined : parse(state);
  if (numbers === undefined) return undefined;
  const periods = periodsOf(numbers);
  return {
    at({ sequence }) {
      const period = periods.find(({ first, last }) => first <= sequence && sequence <= last);
      return period && { candidate: period.share, since: period.since };
    },
  };
}

function periodsOf([, , , , periods]: Numbers): Period[] {
  return periods.map(([share, since, first, last]) => ({ share, since, first, last }));
}

function parse(text: string): Numbers | undefined {
  try {
    return Numbers.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
