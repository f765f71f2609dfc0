import * as z from "zod";
import { emptyRegression, type RegressionState } from "../../../gates/regression.ts";
import type { Tally } from "../../../gates/tally.ts";
import type { GateStatus, Kept } from "./gate.ts";
import { readCrossing, writeCrossing } from "./two-thresholds.ts";

/** What the test remembers, and what it had folded before the last retry. */
export interface Tried {
  readonly state: RegressionState;
  readonly rollbackFrom?: Tally;
}

const VERSION = 1;
const count = z.int().nonnegative();
const number = z.number();

/** Pairs, evidence for promotion and rollback, sums of the interval, ratings that wait for one of the other arm. */
const Numbers = z.tuple([
  z.literal(VERSION),
  z.tuple([count, number, number]),
  z.tuple([number, number]),
  z.tuple([number, number, number]),
  z.tuple([count, number, count, number]),
]);

export function readRegression(gate: Kept | undefined): Tried {
  const { state: text, passedAt, failedAt, rollbackFrom } = gate ?? {};
  const numbers = text === undefined ? undefined : parse(text);
  return {
    state: {
      ...(numbers === undefined ? emptyRegression : stateOf(numbers)),
      ...(passedAt && { passedAt: readCrossing(passedAt) }),
      ...(failedAt && { failedAt: readCrossing(failedAt) }),
    },
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: Number(rollbackFrom.sum) } }),
  };
}

/** Nothing was folded yet, or the numbers are there. */
export function isReadableRegression({ state, cursor }: GateStatus): boolean {
  return state === undefined ? cursor === undefined : parse(state) !== undefined;
}

export function writeRegression({ state, rollbackFrom }: Tried): Kept {
  const { pairs, promotion, rollback, bernstein, waiting, passedAt, failedAt } = state;
  const { candidate, stable } = waiting;
  const numbers: z.infer<typeof Numbers> = [
    VERSION,
    [pairs.samples, pairs.sum, pairs.squares],
    [promotion, rollback],
    [bernstein.weight, bernstein.weighted, bernstein.penalty],
    [candidate.samples, candidate.sum, stable.samples, stable.sum],
  ];
  return {
    samples: pairs.samples,
    sum: String(2 * pairs.sum - pairs.samples),
    state: JSON.stringify(numbers),
    ...(passedAt && { passedAt: writeCrossing(passedAt) }),
    ...(failedAt && { failedAt: writeCrossing(failedAt) }),
    ...(rollbackFrom && { rollbackFrom: { samples: rollbackFrom.samples, sum: String(rollbackFrom.sum) } }),
  };
}

function parse(text: string): z.infer<typeof Numbers> | undefined {
  try {
    return Numbers.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function stateOf([, pairs, evidence, bernstein, waiting]: z.infer<typeof Numbers>): RegressionState {
  return {
    pairs: { samples: pairs[0], sum: pairs[1], squares: pairs[2] },
    promotion: evidence[0],
    rollback: evidence[1],
    bernstein: { weight: bernstein[0], weighted: bernstein[1], penalty: bernstein[2] },
    waiting: {
      candidate: { samples: waiting[0], sum: waiting[1] },
      stable: { samples: waiting[2], sum: waiting[3] },
    },
  };
}
